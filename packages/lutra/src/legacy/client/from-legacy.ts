/** Results and errors of a legacy server in the form of the current revision. */
import type { CacheHints } from "../../protocol/caching.ts";
import type { ServerCapabilities } from "../../protocol/capabilities.ts";
import { isProtocolError, ProtocolError } from "../../protocol/errors.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { metaKeys } from "../../protocol/meta.ts";
import { malformed } from "../../protocol/method.ts";
import { coreMethods } from "../../protocol/methods.ts";
import { legacyVersions } from "../../protocol/versioning.ts";
import type { ServerEra } from "../../transport/era.ts";

/** The answer to `initialize`. */
export interface Introduction {
  readonly version: string;
  readonly capabilities: ServerCapabilities;
  readonly serverInfo: JSONObject | undefined;
  readonly instructions: string | undefined;
}

/** Legacy servers say nothing about caching. */
const uncached: CacheHints = { ttlMs: 0, cacheScope: "private" };

const methods = new Map(coreMethods.map((method) => [method.name, method]));

/**
 * Reads the result of `initialize`.
 *
 * @throws {TransportError} `malformed` for a version that this library does not know
 * @spec 2025-11-25/basic/lifecycle#version-negotiation
 */
export function readIntroduction(result: Result, expected: readonly string[]): Introduction {
  const { protocolVersion, capabilities, serverInfo, instructions } = result;
  if (typeof protocolVersion !== "string" || !expected.includes(protocolVersion)) {
    const got = typeof protocolVersion === "string" ? protocolVersion.slice(0, 64) : "none";
    throw malformed(
      `initialize: the server chose the version ${got}; expected ${expected.join(", ")}`,
    );
  }
  return {
    version: protocolVersion,
    capabilities: isObject(capabilities) ? capabilities : {},
    serverInfo: isObject(serverInfo) ? serverInfo : undefined,
    instructions: typeof instructions === "string" ? instructions : undefined,
  };
}

/** Returns the versions that `initialize` may choose, the requested one first. */
export function expectedVersions(era: string | undefined): readonly string[] {
  return era !== undefined && legacyVersions.includes(era) ? [era] : legacyVersions;
}

/** Returns the era that the option `era` fixes, or undefined. */
export function eraOf(era = "auto"): ServerEra | undefined {
  if (era === "auto") return undefined;
  return era === "legacy" || legacyVersions.includes(era) ? "legacy" : "modern";
}

/** Creates the result of `server/discover` from that of `initialize`. */
export function discoverResult(introduction: Introduction): Result {
  const { version, capabilities, serverInfo, instructions } = introduction;
  return {
    resultType: "complete",
    ...uncached,
    supportedVersions: [version],
    capabilities: capabilities as JSONObject,
    ...(instructions !== undefined && { instructions }),
    ...(serverInfo !== undefined && { _meta: { [metaKeys.serverInfo]: serverInfo } }),
  };
}

/** Adds the members of the current revision to a result. */
export function fromLegacyResult(result: Result, method: string): Result {
  const isCacheable = methods.get(method)?.cacheable === true;
  return { ...result, resultType: "complete", ...(isCacheable && uncached) };
}

/**
 * Converts an error of the server: an unknown resource has the code of the current revision, and an
 * unknown method names the revision, which may be the reason.
 */
export function fromLegacyError(
  error: unknown,
  { method, params }: JSONRPCRequest,
  version: string,
): unknown {
  if (!isProtocolError(error)) return error;
  const { message, data, reason } = error;
  if (reason === "resourceNotFound") {
    const uri = isObject(data) && data.uri !== undefined ? data.uri : params?.uri;
    return received("invalidParams", message, { ...(isObject(data) && data), uri });
  }
  if (reason !== "methodNotFound" || methods.has(method)) return error;
  const text = `${message} (the server speaks MCP ${version}, which may lack ${method})`;
  return received("methodNotFound", text, data);
}

function received(
  reason: "invalidParams" | "methodNotFound",
  message: string,
  data: unknown,
): ProtocolError {
  const { code } = new ProtocolError(reason, message);
  return ProtocolError.fromWire({ code, message, data }) as ProtocolError;
}
