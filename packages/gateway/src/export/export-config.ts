/** The header routes of a configuration for other proxies. */
import type { CompleteConfig } from "../config/complete-routes.ts";
import { writeEnvoy } from "./envoy.ts";
import { planExport } from "./export-plan.ts";
import { writeHaproxy } from "./haproxy.ts";
import { writeNginx } from "./nginx.ts";

/** The proxies that an export is written for. */
export const exportTargets = ["nginx", "haproxy", "envoy"] as const;
export type ExportTarget = (typeof exportTargets)[number];

export interface ExportedConfig {
  /** The configuration file. It holds the values of upstreams' headers, which may be secrets. */
  readonly text: string;
  /** What the proxy will not do, one line each; the file says it at its top as well. */
  readonly notes: readonly string[];
}

/**
 * Writes the routes for another proxy: the same decisions by `Mcp-Method`, `Mcp-Name` and
 * `Mcp-Param-*`, to the same replicas. Routes that need the body are refused in their place, so that
 * no request goes where the gateway would not send it.
 *
 * @throws {ConfigError} for what must not be left out, such as a refusal by principal, and for
 *   addresses and patterns that can't be written
 * @spec basic/transports/streamable-http#request-metadata
 */
export function exportConfig(config: CompleteConfig, target: ExportTarget): ExportedConfig {
  const plan = planExport(config, target === "envoy" ? "characters" : "bytes");
  const write = { nginx: writeNginx, haproxy: writeHaproxy, envoy: writeEnvoy }[target];
  return { text: write(plan), notes: plan.notes };
}
