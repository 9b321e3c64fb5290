/**
 * `_meta`: the reserved keys and the fields that every request carries.
 *
 * @spec basic/index#meta
 */
import type { ClientCapabilities } from "./capabilities.ts";
import { invalidParams } from "./errors.ts";
import type { Icon } from "./icons.ts";
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";
import { isRequestId, maxIdLength } from "./json-rpc.ts";
import type { LoggingLevel } from "./logging.ts";
import { isLoggingLevel } from "./logging.ts";
import { openingVersion, requireVersion, unsupportedMessage } from "./versioning.ts";

/** The keys that the specification reserves. */
export const metaKeys = {
  protocolVersion: "io.modelcontextprotocol/protocolVersion",
  clientInfo: "io.modelcontextprotocol/clientInfo",
  clientCapabilities: "io.modelcontextprotocol/clientCapabilities",
  logLevel: "io.modelcontextprotocol/logLevel",
  serverInfo: "io.modelcontextprotocol/serverInfo",
  subscriptionId: "io.modelcontextprotocol/subscriptionId",
  progressToken: "progressToken",
} as const;

/** A program's description of itself. For display and logs only. */
export interface Implementation {
  readonly name: string;
  readonly version: string;
  readonly title?: string;
  readonly description?: string;
  readonly websiteUrl?: string;
  readonly icons?: readonly Icon[];
}

export type ProgressToken = string | number;

/** The protocol fields of one request. */
export interface RequestMeta {
  readonly version: string;
  readonly capabilities: ClientCapabilities;
  readonly clientInfo?: Implementation | undefined;
  /** @deprecated Logging is deprecated; use `stderr` or OpenTelemetry. */
  readonly logLevel?: LoggingLevel | undefined;
  readonly progressToken?: ProgressToken | undefined;
}

/**
 * Parses the protocol fields in the `params` of a request.
 *
 * A request without a version usually comes from a client of an earlier revision, so the error
 * lists the versions in `supported`. Its message may be all that such a client can show.
 *
 * @param header The version in the HTTP header, which decides when `_meta` has none
 * @throws {ProtocolError} `invalidParams` for a missing or malformed field;
 *   `unsupportedProtocolVersion` for a request without a version whose header names another one
 * @spec basic/index#meta, basic/versioning#backward-compatibility-with-initialization-based-versions
 */
export function parseRequestMeta(
  params: JSONObject | undefined,
  supported: readonly string[],
  header?: string,
): RequestMeta {
  const meta = params?._meta;
  if (!isObject(meta)) {
    throw unversioned("params._meta: expected an object", supported, { params, header });
  }
  const version = meta[metaKeys.protocolVersion];
  if (typeof version !== "string") {
    const { message } = badField(metaKeys.protocolVersion, "a string");
    throw unversioned(message, supported, { params, header });
  }
  const logLevel = meta[metaKeys.logLevel];
  if (logLevel !== undefined && !isLoggingLevel(logLevel)) {
    throw badField(metaKeys.logLevel, "a log level such as info");
  }
  const progressToken = meta[metaKeys.progressToken];
  if (progressToken !== undefined && !isRequestId(progressToken)) {
    throw badField(
      metaKeys.progressToken,
      `a string of at most ${maxIdLength} characters or an integer`,
    );
  }
  return {
    version,
    capabilities: parseCapabilities(meta[metaKeys.clientCapabilities]),
    clientInfo: parseImplementation(meta[metaKeys.clientInfo]),
    logLevel,
    progressToken,
  };
}

/** Returns true for a valid key of `_meta`: an optional dotted prefix with a slash, then a name. */
export function isMetaKey(key: string): boolean {
  return metaKeyPattern.test(key);
}

/** Returns true for a key whose prefix is reserved for the specification. */
export function isReservedMetaKey(key: string): boolean {
  return reservedPrefixPattern.test(key);
}

/**
 * Returns true for a valid extension identifier: a `_meta` key with a prefix.
 *
 * @spec basic/versioning#extension-negotiation
 */
export function isExtensionId(id: string): boolean {
  return id.includes("/") && !id.endsWith("/") && isMetaKey(id);
}

const label = "[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
const name = "(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?";
const metaKeyPattern = new RegExp(`^(?:${label}(?:\\.${label})*/)?${name}$`);
const reservedPrefixPattern = new RegExp(
  `^${label}\\.(?:modelcontextprotocol|mcp)(?:\\.${label})*/`,
);

function parseCapabilities(value: unknown): ClientCapabilities {
  requireObjects(value, metaKeys.clientCapabilities);
  if (value.extensions)
    requireObjects(value.extensions, `${metaKeys.clientCapabilities}.extensions`);
  return value;
}

function requireObjects(value: unknown, field: string): asserts value is JSONObject {
  if (!isObject(value)) throw badField(field, "an object");
  for (const key in value) {
    if (!isObject(value[key])) throw badField(`${field}.${key}`, "an object");
  }
}

function parseImplementation(value: unknown): Implementation | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value) || typeof value.name !== "string" || typeof value.version !== "string") {
    throw badField(metaKeys.clientInfo, "an object with a name and a version");
  }
  return value as unknown as Implementation;
}

function badField(field: string, expected: string): Error {
  return invalidParams(`params._meta["${field}"]: expected ${expected}`);
}

interface Unversioned {
  readonly params: JSONObject | undefined;
  readonly header: string | undefined;
}

function unversioned(
  message: string,
  supported: readonly string[],
  { params, header }: Unversioned,
): Error {
  if (header !== undefined) requireVersion(header, supported);
  const requested = openingVersion(params);
  const text =
    requested === undefined
      ? `${message}; this server supports ${supported.join(", ")}`
      : unsupportedMessage(requested, supported);
  return invalidParams(text, { supported: [...supported], requested });
}
