/**
 * Adds to an error all problems of its request, and the whole request that would be accepted. Only
 * the Node handlers and gateways do so: the code would take a tenth of the bundle of the fetch
 * handler's transport. It runs for refused requests only.
 */
import type { IncomingMessage } from "node:http";
import { discover } from "../../protocol/discover.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import {
  decodeHeaderValue,
  headerNames,
  requireEncodedHeader,
  requireHeader,
} from "../../protocol/http-headers.ts";
import { isObject, type JSONObject } from "../../protocol/json.ts";
import { parseMessage, readId } from "../../protocol/json-rpc.ts";
import { metaKeys, parseRequestMeta } from "../../protocol/meta.ts";
import { type Method, nameOf } from "../../protocol/method.ts";
import { coreMethods } from "../../protocol/methods.ts";
import {
  latestVersion,
  modernVersions,
  openingVersion,
  requireVersion,
  requireVersionHeader,
  unsupportedMessage,
} from "../../protocol/versioning.ts";
import { createExample, type ExampleRequest } from "./example-request.ts";
import { isJSON } from "./media-type.ts";
import type { ReadHeader } from "./rules.ts";

/** A request that was refused. */
export interface RefusedRequest {
  readonly req: Pick<IncomingMessage, "headers">;
  readonly header: ReadHeader;
  /** The decoded body. Undefined if it was not read or is not JSON. */
  readonly body: unknown;
}

/** The errors that may concern the form of a request. */
const explained = [
  "parseError",
  "invalidRequest",
  "invalidParams",
  "headerMismatch",
  "missingRequiredClientCapability",
  "unsupportedProtocolVersion",
] as const;

/** The errors that concern the form of a request, also when no check here finds their problem. */
const formal: ReadonlySet<string> = new Set([
  "parseError",
  "headerMismatch",
  "missingRequiredClientCapability",
]);

/** The statuses of such errors; others, such as 401 and 413, have reasons of their own. */
const explainedStatuses = [400, 404, 415];

/** Maximum length of one problem, in characters. */
const maxProblemLength = 300;

const methods = new Map(coreMethods.map((method) => [method.name, method]));

/**
 * Returns an error with `problems` and `example` in its data, if the form of its request is the
 * reason. Returns any other error unchanged, such as one for an unknown tool.
 */
export function withExample(error: ProtocolError, request: RefusedRequest): ProtocolError {
  const reason = explained.find((one) => one === error.reason);
  const { data = {}, status, retryAfterMs, challenge, headers, cause } = error;
  const isExplained = reason !== undefined && !error.peer && explainedStatuses.includes(status);
  if (!isExplained || !isObject(data)) return error;
  const { problems, example, opening } = correct(request, data);
  const own = problemOf(error);
  const isFound = problems.includes(own);
  if (!isFound && !formal.has(reason) && opening === undefined) return error;
  const all = isFound ? problems : [own, ...problems];
  if (!acceptsBoth(request.header)) all.push(acceptProblem);
  const more = all.length > 1 ? `${all.length} problems in data.problems; ` : "";
  const base =
    opening === undefined
      ? error.message
      : unsupportedMessage(opening, without(listedIn(data), opening));
  const message = `${base} (${more}see data.example for the corrected request)`;
  const requested = opening === undefined ? undefined : { requested: opening };
  const explanation = { ...data, ...requested, problems: all, example };
  return new ProtocolError(reason, message, {
    data: explanation,
    status,
    retryAfterMs,
    challenge,
    headers,
    cause,
  });
}

/** Returns the versions that an error lists, or else those that every server of this library has. */
function listedIn({ supported }: JSONObject): readonly string[] {
  return Array.isArray(supported) ? (supported as readonly string[]) : modernVersions;
}

function without(versions: readonly string[], version: string): readonly string[] {
  return versions.filter((one) => one !== version);
}

const acceptProblem = "Accept: expected application/json, text/event-stream";

/** @spec basic/transports/streamable-http#sending-messages */
function acceptsBoth(header: ReadHeader): boolean {
  const accept = header("accept") ?? "";
  return /\*\/\*/.test(accept) || (/\bjson\b/.test(accept) && /event-stream/.test(accept));
}

function problemOf(error: ProtocolError): string {
  return error.message.replace(/^(?:Header mismatch|Parse error): /, "").slice(0, maxProblemLength);
}

/** Collects the messages of checks that fail. */
class Problems {
  readonly all: string[] = [];

  /** Returns true if the check passes. */
  passes(check: () => unknown): boolean {
    try {
      check();
      return true;
    } catch (thrown) {
      this.all.push(problemOf(ProtocolError.from(thrown)));
      return false;
    }
  }
}

interface Correction {
  readonly problems: string[];
  readonly example: ExampleRequest;
  /** The revision of a client that opens with `initialize`. */
  readonly opening: string | undefined;
}

/** Runs all checks, in the order of their precedence. */
function correct({ req, header, body }: RefusedRequest, data: JSONObject): Correction {
  const problems = new Problems();
  const listed = listedIn(data);
  if (!isJSON(header("content-type"))) {
    problems.all.push("Content-Type: expected application/json");
  }
  if (body !== undefined) problems.passes(() => parseMessage(body));
  const message = isObject(body) ? body : undefined;
  const params = isObject(message?.params) ? message.params : undefined;
  problems.passes(() => {
    const version = header(headerNames.version);
    requireVersionHeader(version, listed);
    requireVersion(version ?? "", modernVersions, listed);
  });
  const meta = message && checkMeta(params, problems, listed);
  const opening = hasVersion(params) ? undefined : openingVersion(params);
  const isOpening = opening !== undefined;
  const method = isOpening ? discover : methodOf(message?.method, header);
  const shown = isOpening ? {} : (params ?? paramsByHeader(method, header));
  if (message !== undefined && !isOpening) checkHeaders(message, method, { header, problems });
  return {
    problems: problems.all,
    opening,
    example: createExample({
      id: readId(body),
      method: method.name,
      nameField: method.nameField,
      params: shown,
      meta,
      capabilities: isObject(data.requiredCapabilities) ? data.requiredCapabilities : {},
      mirrored: isObject(data.mirrored) ? (data.mirrored as Mirrored) : {},
      headers: data.mirrored === undefined ? paramHeaders(req) : {},
    }),
  };
}

function hasVersion(params: JSONObject | undefined): boolean {
  return isObject(params?._meta) && typeof params._meta[metaKeys.protocolVersion] === "string";
}

type Mirrored = { readonly [header: string]: readonly string[] };

/** The parts of a method that an example depends on; a method of an extension has only a name. */
type ShownMethod = Pick<Method, "name" | "nameField"> & Partial<Pick<Method, "params">>;

/** Returns the method of the body, or else of the header, or else one that every server has. */
function methodOf(sent: unknown, header: ReadHeader): ShownMethod {
  const name = typeof sent === "string" ? sent : readOnce(header, headerNames.method);
  if (name === undefined) return discover;
  return methods.get(name) ?? (typeof sent === "string" ? { name } : discover);
}

/** Returns the parameters that the headers of a request without a body name. */
function paramsByHeader({ nameField }: ShownMethod, header: ReadHeader): JSONObject {
  const name = readOnce(header, headerNames.name);
  if (nameField === undefined || name === undefined) return {};
  try {
    return { [nameField]: decodeHeaderValue(name, "Mcp-Name") };
  } catch {
    return {};
  }
}

/** Returns a header. Returns undefined for one that was sent more than once. */
function readOnce(header: ReadHeader, name: string): string | undefined {
  try {
    return header(name);
  } catch {
    return undefined;
  }
}

/** The fields of `_meta` that an example keeps. */
const keptFields = [
  metaKeys.protocolVersion,
  metaKeys.clientCapabilities,
  metaKeys.clientInfo,
  metaKeys.logLevel,
  metaKeys.progressToken,
];

/** Checks each field of `_meta` alone, and returns the valid ones. */
function checkMeta(
  params: JSONObject | undefined,
  problems: Problems,
  listed: readonly string[],
): JSONObject {
  const right: JSONObject = {
    [metaKeys.protocolVersion]: latestVersion,
    [metaKeys.clientCapabilities]: {},
  };
  const sent = params?._meta;
  if (!isObject(sent)) {
    problems.passes(() => parseRequestMeta({ _meta: sent }, listed));
    return right;
  }
  const valid: Record<string, unknown> = {};
  for (const field of keptFields) {
    const passes = problems.passes(() => {
      const { version } = parseRequestMeta({ _meta: { ...right, [field]: sent[field] } }, listed);
      requireVersion(version, modernVersions, listed);
    });
    if (passes && sent[field] !== undefined) valid[field] = sent[field];
  }
  return valid;
}

interface HeaderChecks {
  readonly header: ReadHeader;
  readonly problems: Problems;
}

/** Compares the headers with the body, and checks the parameters of a known method. */
function checkHeaders(
  message: JSONObject,
  method: ShownMethod,
  { header, problems }: HeaderChecks,
): void {
  if (typeof message.method !== "string") return;
  const sent = message.method;
  problems.passes(() => requireHeader(header(headerNames.method), "Mcp-Method", sent));
  const params = isObject(message.params) ? message.params : {};
  const name = nameOf(method, params);
  if (name !== undefined) {
    problems.passes(() => requireEncodedHeader(header(headerNames.name), "Mcp-Name", name));
  }
  problems.passes(() => method.params?.(params));
}

/** Returns the `Mcp-Param-*` headers that were sent, which the example of another problem keeps. */
function paramHeaders({ headers }: Pick<IncomingMessage, "headers">): Record<string, string> {
  const sent = Object.entries(headers).filter(
    (one): one is [string, string] =>
      one[0].startsWith(headerNames.paramPrefix) && typeof one[1] === "string",
  );
  return Object.fromEntries(sent.slice(0, 20).filter(([, value]) => value.length <= 512));
}
