/** `lutra gateway check`: validates a configuration. */
import type { CommandLine } from "./command-line.ts";
import { loadGatewayConfig } from "./gateway-config.ts";

export async function gatewayCheck({ values: [file = ""] }: CommandLine): Promise<number> {
  const { config, notes } = await loadGatewayConfig(file);
  for (const note of notes) console.log(note);
  const upstreams = Object.keys(config.upstreams);
  const routes = `${config.routes.length} ${config.routes.length === 1 ? "route" : "routes"}`;
  console.log(`${file}: valid; ${routes} to ${upstreams.join(", ")}`);
  return 0;
}
