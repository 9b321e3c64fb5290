/**
 * The legacy revisions, which begin with `initialize`, and their features as data.
 *
 * @spec basic/versioning#terminology
 */
import { legacyVersions } from "../protocol/versioning.ts";

/** The first revision that has a feature. Revisions are dates, so their order is that of the texts. */
const introducedIn = {
  /** Annotations of tools, audio content, and the capability for completion. */
  annotations: "2025-03-26",
  /** Titles, `_meta` of entries, structured content, output schemas and links to resources. */
  structuredContent: "2025-06-18",
  elicitation: "2025-06-18",
  /** Icons, and the description and website of an implementation. */
  icons: "2025-11-25",
  urlElicitation: "2025-11-25",
  /** Defaults, titled choices and choices of several values in forms. */
  richForms: "2025-11-25",
  samplingTools: "2025-11-25",
  /** An event stream that begins with an event without data, from which a client can resume. */
  primedStreams: "2025-11-25",
} as const;

export type Feature = keyof typeof introducedIn;

/** Returns true when a revision has a feature. */
export function has(version: string, feature: Feature): boolean {
  return version >= introducedIn[feature];
}

/**
 * Returns true for the only revision that has JSON-RPC batches.
 *
 * @spec 2025-03-26/basic/transports#sending-messages-to-the-server
 */
export function hasBatches(version: string): boolean {
  return version === "2025-03-26";
}

/**
 * Chooses the version of a session: the requested one if it is served, and else the newest.
 *
 * @spec 2025-11-25/basic/lifecycle#version-negotiation
 */
export function negotiate(requested: unknown, served: readonly string[]): string {
  const [newest = legacyVersions[0] as string] = served;
  return served.find((version) => version === requested) ?? newest;
}
