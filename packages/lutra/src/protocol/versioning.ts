/**
 * The protocol versions that this library supports.
 *
 * @spec basic/versioning#terminology
 */
import { ProtocolError } from "./errors.ts";

/** The version that this library prefers. */
export const latestVersion = "2026-07-28";

/** The supported versions with metadata in each request, the newest first. */
export const modernVersions: readonly string[] = [latestVersion];

/**
 * Checks that a version is supported.
 *
 * @throws {ProtocolError} `unsupportedProtocolVersion` with the supported versions in its data
 * @spec basic/versioning#protocol-version-negotiation
 */
export function requireVersion(requested: string, supported: readonly string[]): void {
  if (supported.includes(requested)) return;
  throw new ProtocolError("unsupportedProtocolVersion", "Unsupported protocol version", {
    data: { supported: [...supported], requested },
  });
}
