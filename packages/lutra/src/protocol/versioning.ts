/**
 * The protocol versions of this library and what tells the two eras apart.
 *
 * @spec basic/versioning#terminology
 */
import { ProtocolError } from "./errors.ts";

/** The version this library prefers. */
export const latestVersion = "2026-07-28";

/** Versions that carry their metadata in each request, newest first. */
export const modernVersions: readonly string[] = [latestVersion];

/**
 * Refuses a version that is not in `supported`, naming those that are.
 *
 * @throws {ProtocolError} `unsupportedProtocolVersion`
 * @spec basic/versioning#protocol-version-negotiation
 */
export function requireVersion(requested: string, supported: readonly string[]): void {
  if (supported.includes(requested)) return;
  throw new ProtocolError("unsupportedProtocolVersion", "Unsupported protocol version", {
    data: { supported: [...supported], requested },
  });
}
