/** `lutra gateway export`: the same header routes for another proxy. */
import { type ExportTarget, exportConfig, exportTargets } from "@lutra/gateway";
import { CommandError } from "./command-error.ts";
import type { Command } from "./command-line.ts";
import { configArgument, loadGatewayConfig } from "./gateway-config.ts";

export const gatewayExport: Command = {
  name: "gateway export",
  summary: "Writes the same header routes for nginx, HAProxy or Envoy.",
  details:
    "Prints a configuration for another proxy that routes on the same headers. What that proxy\n" +
    "can't do is left out, and said on standard error.",
  arguments: [
    { name: "proxy", description: `the proxy (${exportTargets.join(", ")})` },
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
    for (const note of notes) console.error(`lutra: left out: ${note}`);
    process.stdout.write(text);
    return 0;
  },
};

function isTarget(text: string): text is ExportTarget {
  return exportTargets.some((target) => target === text);
}
