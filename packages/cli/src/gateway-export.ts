/** `lutra gateway export`: the header routes for another proxy. */
import { type ExportTarget, exportConfig, exportTargets } from "@lutra/gateway";
import { CommandError } from "./command-error.ts";
import type { Command } from "./command-line.ts";
import { configArgument, loadGatewayConfig } from "./gateway-config.ts";

export const gatewayExport: Command = {
  name: "gateway export",
  summary: "Prints the header routes of a gateway for nginx, HAProxy or Envoy.",
  details:
    "Prints a configuration of <proxy> (nginx, haproxy or envoy) that routes by the same headers.\n" +
    "Lists on standard error what is not exported.",
  arguments: [
    { name: "proxy", description: `the name of a proxy (${exportTargets.join(", ")})` },
    configArgument,
  ],
  options: {},
  run: async ({ values: [proxy = "", file = ""] }) => {
    if (!isTarget(proxy)) {
      const expected = exportTargets.join(", ");
      throw new CommandError(`gateway export: ${proxy}: expected one of ${expected}`, 2);
    }
    const { config } = await loadGatewayConfig(file);
    const { text, notes } = exportConfig(config, proxy);
    for (const note of notes) console.error(`lutra: not exported: ${note}`);
    process.stdout.write(text);
    return 0;
  },
};

function isTarget(text: string): text is ExportTarget {
  return exportTargets.some((target) => target === text);
}
