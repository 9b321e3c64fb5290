/** `lutra gateway check`: says whether a configuration can be used. */
import type { Command } from "./command-line.ts";
import { configArgument, loadGatewayConfig } from "./gateway-config.ts";

export const gatewayCheck: Command = {
  name: "gateway check",
  summary: "Says what is wrong with a gateway's configuration.",
  details:
    "Reads <config> and says everything that is wrong with it: file, line, what was expected.\n" +
    "Exits with 0 when it can be used, otherwise with 1.",
  arguments: [configArgument],
  options: {},
  run: async ({ values: [file = ""] }) => {
    const { config, notes } = await loadGatewayConfig(file);
    for (const note of notes) console.log(note);
    const upstreams = Object.keys(config.upstreams);
    const routes = `${config.routes.length} ${config.routes.length === 1 ? "route" : "routes"}`;
    console.log(`${file}: good; ${routes} to ${upstreams.join(", ")}`);
    return 0;
  },
};
