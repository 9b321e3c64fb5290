/** `lutra gateway check`: validates a configuration. */
import type { Command } from "./command-line.ts";
import { configArgument, loadGatewayConfig } from "./gateway-config.ts";

export const gatewayCheck: Command = {
  name: "gateway check",
  summary: "Validates a gateway's configuration.",
  details:
    "Reads <config> and reports every error with its file, its line and the expected value.\n" +
    "Exits with 0 if the configuration is valid, otherwise with 1.",
  arguments: [configArgument],
  options: {},
  run: async ({ values: [file = ""] }) => {
    const { config, notes } = await loadGatewayConfig(file);
    for (const note of notes) console.log(note);
    const upstreams = Object.keys(config.upstreams);
    const routes = `${config.routes.length} ${config.routes.length === 1 ? "route" : "routes"}`;
    console.log(`${file}: valid; ${routes} to ${upstreams.join(", ")}`);
    return 0;
  },
};
