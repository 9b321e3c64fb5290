/**
 * The protocol versions that this library supports.
 *
 * @spec basic/versioning#terminology
 */

import { ProtocolError } from "./errors.ts";
import type { JSONObject } from "./json.ts";
import { requireArray } from "./known-members.ts";

/** The version that this library prefers. */
export const latestVersion = "2026-07-28";

/** The supported versions with metadata in each request, the newest first. */
export const modernVersions: readonly string[] = [latestVersion];

/** The earlier versions, whose sessions begin with `initialize`, the newest first. */
export const legacyVersions: readonly string[] = [
  "2025-11-25",
  "2025-06-18",
  "2025-03-26",
  "2024-11-05",
];

/** The method with which the sessions of the earlier versions begin. */
export const initializeMethod = "initialize";

/**
 * Returns the earlier versions in a list of served versions, the newest first.
 *
 * @param versions The list. @default all versions
 * @throws {TypeError} for an unknown version, and for a list without the current one
 */
export function legacyVersionsOf(versions?: readonly string[]): readonly string[] {
  if (versions === undefined) return legacyVersions;
  requireArray("versions", versions);
  const known = [...modernVersions, ...legacyVersions];
  const unknown = versions.find((version) => !known.includes(version));
  if (unknown !== undefined) {
    throw new TypeError(`versions: expected some of ${known.join(", ")}, got "${unknown}"`);
  }
  if (!versions.includes(latestVersion)) {
    throw new TypeError(`versions: expected ${latestVersion} in the list`);
  }
  return legacyVersions.filter((version) => versions.includes(version));
}

/**
 * Checks that a version is supported.
 *
 * @param listed The versions that the error lists, with those that are served in sessions.
 *   @default `supported`
 * @throws {ProtocolError} `unsupportedProtocolVersion` with the supported versions in its data
 * @spec basic/versioning#protocol-version-negotiation
 */
export function requireVersion(
  requested: string,
  supported: readonly string[],
  listed: readonly string[] = supported,
): void {
  if (supported.includes(requested)) return;
  throw new ProtocolError("unsupportedProtocolVersion", unsupportedMessage(requested, listed), {
    data: { supported: [...listed], requested },
  });
}

/**
 * Rejects a request without the version header. Such a request usually comes from a client of an
 * earlier revision, so the error lists the versions that the server supports. The code of a missing
 * header is required also for `initialize`; the message is that for an unsupported version, because
 * it may be all that such a client shows.
 *
 * @throws {ProtocolError} `headerMismatch` with the supported versions in its data
 * @spec basic/versioning#backward-compatibility-with-initialization-based-versions
 * @spec basic/transports/streamable-http#server-validation
 */
export function requireVersionHeader(
  version: string | undefined,
  supported: readonly string[],
  params?: JSONObject,
): void {
  if (version !== undefined) return;
  const requested = openingVersion(params);
  const message =
    requested === undefined
      ? `Header mismatch: MCP-Protocol-Version: missing; this server supports ${supported.join(", ")}`
      : unsupportedMessage(requested, supported);
  throw new ProtocolError("headerMismatch", message, {
    data: { supported: [...supported], requested },
  });
}

/**
 * Returns the version that a client of an earlier revision names when it opens with `initialize`,
 * cut to 64 characters.
 */
export function openingVersion(params: JSONObject | undefined): string | undefined {
  const version = params?.protocolVersion;
  return typeof version === "string" ? version.slice(0, 64) : undefined;
}

/** Returns the message for an unsupported version. It may be all that a client shows. */
export function unsupportedMessage(requested: string, supported: readonly string[]): string {
  if (supported.includes(requested)) {
    const modern = supported.filter((version) => modernVersions.includes(version)).join(", ");
    return `Unsupported protocol version in _meta: sessions of ${requested} begin with initialize; expected ${modern}`;
  }
  const asked = `the client asked for ${requested.slice(0, 64)}`;
  return `Unsupported protocol version: ${asked}; this server supports ${supported.join(", ")}`;
}
