/** `lutra gateway export`: the header routes for another proxy. */
import { type ExportTarget, exportConfig, exportTargets } from "@lutra/gateway";
import { didYouMean } from "lutra/internal";
import { CommandError } from "./command-error.ts";
import type { CommandLine } from "./command-line.ts";
import { loadGatewayConfig } from "./gateway-config.ts";

export async function gatewayExport({ values }: CommandLine): Promise<number> {
  const [proxy = "", file = ""] = values;
  if (!isTarget(proxy)) {
    const expected = `expected one of ${exportTargets.join(", ")}`;
    const hint = didYouMean(proxy, exportTargets);
    throw new CommandError(`gateway export: ${proxy}: ${expected}${hint}`, 2);
  }
  const { config } = await loadGatewayConfig(file);
  const { text, notes } = exportConfig(config, proxy);
  for (const note of notes) console.error(`lutra: not exported: ${note}`);
  process.stdout.write(text);
  return 0;
}

function isTarget(text: string): text is ExportTarget {
  return exportTargets.some((target) => target === text);
}
