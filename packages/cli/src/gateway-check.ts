/** `lutra gateway check`: validates a configuration. */
import { describeEra, type LoadedConfig, processNotes } from "@lutra/gateway";
import type { CommandLine } from "./command-line.ts";
import { loadGatewayConfig } from "./gateway-config.ts";
import { processesOf } from "./processes-option.ts";

export async function gatewayCheck(line: CommandLine): Promise<number> {
  const [file = ""] = line.values;
  const processes = processesOf(line);
  const { config, notes } = await loadGatewayConfig(file, processes);
  for (const note of notes) console.log(note);
  if (processes > 1) for (const note of processNotes(config, processes)) console.log(note);
  const upstreams = Object.entries(config.upstreams);
  console.log(
    `${file}: valid; ${routesOf(config)} to ${upstreams.map(([name]) => name).join(", ")}`,
  );
  for (const [name, upstream] of upstreams) console.log(`${name} ${describeEra(upstream)}`);
  return 0;
}

/** Describes the number of routes of the gateway, in all and at each endpoint with a name. */
function routesOf({ routes, endpoints = {} }: LoadedConfig["config"]): string {
  const named = Object.entries(endpoints);
  const count = routes.length + named.reduce((sum, [, own]) => sum + own.routes.length, 0);
  const text = `${count} ${count === 1 ? "route" : "routes"}`;
  return named.length === 0
    ? text
    : `${text} (endpoints: ${named.map(([name]) => name).join(", ")})`;
}
