/** `lutra gateway check`: validates a configuration. */
import { describeEra } from "@lutra/gateway";
import type { CommandLine } from "./command-line.ts";
import { loadGatewayConfig } from "./gateway-config.ts";

export async function gatewayCheck({ values: [file = ""] }: CommandLine): Promise<number> {
  const { config, notes } = await loadGatewayConfig(file);
  for (const note of notes) console.log(note);
  const upstreams = Object.entries(config.upstreams);
  const routes = `${config.routes.length} ${config.routes.length === 1 ? "route" : "routes"}`;
  console.log(`${file}: valid; ${routes} to ${upstreams.map(([name]) => name).join(", ")}`);
  for (const [name, upstream] of upstreams) console.log(`${name} ${describeEra(upstream)}`);
  return 0;
}
