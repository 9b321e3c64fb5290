/** Exports the header routes of a configuration to other proxies. */
import type { CompleteConfig } from "../config/complete-routes.ts";
import { writeEnvoy } from "./envoy.ts";
import { planExport } from "./export-plan.ts";
import { writeHaproxy } from "./haproxy.ts";
import { writeNginx } from "./nginx.ts";

/** The supported proxies. */
export const exportTargets = ["nginx", "haproxy", "envoy"] as const;
export type ExportTarget = (typeof exportTargets)[number];

export interface ExportedConfig {
  /** The configuration file. It contains the values of the upstreams' headers, including secrets. */
  readonly text: string;
  /** Features that are not exported, one line each. The file lists them at its top, too. */
  readonly notes: readonly string[];
}

/**
 * Writes the routes for another proxy: the same decisions by `Mcp-Method`, `Mcp-Name` and
 * `Mcp-Param-*`, to the same replicas. Requests of a route that needs the body are refused, so that
 * no later route handles them.
 *
 * @throws {ConfigError} for a rule that must not be left out, such as a refusal by principal, and for
 *   addresses and patterns that can't be exported
 * @spec basic/transports/streamable-http#request-metadata
 */
export function exportConfig(config: CompleteConfig, target: ExportTarget): ExportedConfig {
  const plan = planExport(config, target === "envoy" ? "characters" : "bytes");
  const write = { nginx: writeNginx, haproxy: writeHaproxy, envoy: writeEnvoy }[target];
  return { text: write(plan), notes: plan.notes };
}
