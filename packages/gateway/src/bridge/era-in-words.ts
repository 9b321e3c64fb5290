/** The revisions of upstreams, in messages for operators. */
import { EarlierRevisionError } from "lutra/internal";
import { latestVersion } from "lutra/protocol";
import type { UpstreamConfig } from "../config/schema.ts";

/** Returns true for an upstream that may speak an earlier revision. A module is a server of this package. */
export function mayBeLegacy({ era, module }: Pick<UpstreamConfig, "era" | "module">): boolean {
  return module === undefined && era !== "modern" && era !== latestVersion;
}

/** Returns true for an upstream that is configured to speak an earlier revision. */
export function isLegacy(config: Pick<UpstreamConfig, "era" | "module">): boolean {
  return mayBeLegacy(config) && config.era !== "auto";
}

/** Describes the revision of an upstream, as far as its configuration determines it. */
export function describeEra(config: Pick<UpstreamConfig, "era" | "module">): string {
  if (!mayBeLegacy(config)) return `speaks MCP ${latestVersion}`;
  if (config.era === "auto") return "speaks a revision that is found when it is reached";
  if (config.era === "legacy") return "speaks an earlier revision";
  return `speaks MCP ${config.era}`;
}

/** Returns the message for an upstream whose revision has become known. */
export function eraNotice(upstream: string, speaks: string): string {
  const translated = speaks === latestVersion ? "" : "; the gateway translates";
  return `upstream "${upstream}" speaks MCP ${speaks}${translated}`;
}

/** Returns the warning for an upstream of an earlier revision that is not expected to be one. */
export function earlierRevisionWarning(upstream: string, evidence: string): string {
  const { message } = new EarlierRevisionError(`upstream "${upstream}"`, evidence);
  return `${message}, or era: auto, with which the gateway translates`;
}
