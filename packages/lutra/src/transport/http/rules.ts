/**
 * The rules of the HTTP endpoint that apply before a body is read, for both HTTP handlers.
 *
 * @spec basic/transports/streamable-http#security-endpoint
 */
import { ProtocolError } from "../../protocol/errors.ts";
import { isolate } from "../../protocol/isolate.ts";
import { defaultMaxValues } from "../../protocol/json-text.ts";
import {
  requireArray,
  requireFunctions,
  requireKnownMembers,
} from "../../protocol/known-members.ts";
import { modernVersions } from "../../protocol/versioning.ts";
import { problemWithOrigin } from "./allowed-origins.ts";
import { type Authenticate, failClosed } from "./authenticate.ts";
import { isJSON } from "./media-type.ts";
import type { ProtectedResource, ReadHeader } from "./protected-resource.ts";

export type { ReadHeader } from "./protected-resource.ts";

/** Response headers by name. */
export interface ResponseHeaders {
  readonly [name: string]: string;
}

export interface HttpHandlerOptions {
  /**
   * Accepted values of `Host`, with or without a port.
   *
   * @default Any. On a connection that arrives at a loopback address, loopback names only, as a
   *   protection against DNS rebinding
   */
  readonly allowedHosts?: readonly string[];
  /**
   * Origins of web pages that may call this server, such as `https://app.example.com`. Their
   * requests get CORS headers.
   *
   * @default Loopback origins, where `Host` is a loopback name as well
   */
  readonly allowedOrigins?: readonly string[];
  /** Maximum size of a request body, in bytes. @default 4194304 (4 MiB) */
  readonly maxBodyBytes?: number;
  /**
   * Maximum number of keys and values in a request body, about. A body with more is refused before
   * it is decoded, because decoding it would block other requests.
   *
   * @default 100000
   */
  readonly maxBodyValues?: number;
  /**
   * Maximum size of the unsent part of an event stream, in bytes. The stream of a reader that falls
   * behind by more is closed.
   *
   * @default 1048576 (1 MiB)
   */
  readonly maxBufferedBytes?: number;
  /** Interval between keep-alive comments on an open stream, in milliseconds. @default 15000 */
  readonly keepAliveMs?: number;
  /**
   * Identifies the caller of each request by its headers, before its body is read. Requests for
   * which it returns no principal are refused with the status 401. An error that is not a
   * `ProtocolError` is masked, with the status 500.
   *
   * @default every caller is served, without a principal
   */
  readonly authenticate?: Authenticate;
  /** True to serve callers for which `authenticate` returns undefined, too. @default false */
  readonly anonymous?: boolean;
  /**
   * Returns the network address of the caller, for example from a header that a proxy in front of
   * the server sets. Limits distinguish callers without a principal by it.
   *
   * @default the address of the connection; with `createFetchHandler` none
   */
  readonly addressOf?: (header: ReadHeader) => string | undefined;
  /** Called with each error whose cause is hidden from the client. @default console.error */
  readonly onError?: (error: unknown) => void;
}

type Optional = "allowedHosts" | "authenticate" | "addressOf";

export type HttpRules = Required<Omit<HttpHandlerOptions, Optional | "anonymous">> &
  Pick<HttpHandlerOptions, Optional> & {
    /** The resource for which callers need tokens. */
    readonly resource?: ProtectedResource | undefined;
    /** True when clients of earlier revisions are served, whose sessions use GET and DELETE, too. */
    readonly hasSessions: boolean;
    /** All protocol versions that are served, the newest first. */
    readonly versions: readonly string[];
  };

/** A response to a request that is not served. */
export interface Refusal {
  readonly status: number;
  readonly headers?: ResponseHeaders;
  readonly error?: ProtocolError;
  /** The body, if it is a document and no error. */
  readonly json?: string;
}

/** The parts of a request that `screen` reads. */
export interface HttpHead {
  readonly method: string;
  /** Returns the path of the URL. */
  readonly path: () => string;
  /** The value of `Host`, or the host of the URL. */
  readonly host: string;
  readonly header: ReadHeader;
  /** Returns true when the connection arrived at a loopback address. */
  readonly isLocal: () => boolean;
}

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
const loopbackOrigin = /^https?:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
/** The response headers that web pages may read. */
const exposed = "www-authenticate, retry-after, dpop-nonce";
const noCors: ResponseHeaders = Object.freeze({});

const members: { readonly [Name in keyof HttpHandlerOptions]-?: true } = {
  allowedHosts: true,
  allowedOrigins: true,
  maxBodyBytes: true,
  maxBodyValues: true,
  maxBufferedBytes: true,
  keepAliveMs: true,
  authenticate: true,
  anonymous: true,
  addressOf: true,
  onError: true,
};

/** The names of the options of handlers. */
export const handlerOptionNames: readonly string[] = Object.keys(members);

/**
 * Completes the options with their defaults. A misspelt `authenticate` that was ignored would open the
 * server to everybody, so unknown options are refused.
 *
 * @param where The function that received the options, for the message
 * @param legacyVersions The earlier versions that are served. @default none
 * @throws {TypeError} for an unknown option, a limit that is not a positive integer, an
 *   `authenticate` that is not a function, and an allowed origin that no browser sends
 */
export function withDefaults(
  options: HttpHandlerOptions,
  where = "HTTP options",
  legacyVersions: readonly string[] = [],
): HttpRules {
  requireKnownMembers(options, handlerOptionNames, where);
  const limits = {
    maxBodyBytes: options.maxBodyBytes ?? 4_194_304,
    maxBodyValues: options.maxBodyValues ?? defaultMaxValues,
    maxBufferedBytes: options.maxBufferedBytes ?? 1_048_576,
    keepAliveMs: options.keepAliveMs ?? 15_000,
  };
  for (const [name, value] of Object.entries(limits)) {
    if (!(Number.isInteger(value) && value > 0)) {
      throw new TypeError(`${name}: expected a positive integer`);
    }
  }
  const { allowedHosts, authenticate, addressOf, anonymous = false, allowedOrigins = [] } = options;
  // A null that was meant as a function must not open the server to everybody.
  if (authenticate !== undefined && typeof authenticate !== "function") {
    throw new TypeError("authenticate: expected a function");
  }
  requireLists(options, where);
  requireFunctions(where, options, ["addressOf", "onError"]);
  const onError = isolate(options.onError ?? ((error) => console.error("lutra: HTTP:", error)));
  return {
    ...limits,
    allowedOrigins,
    onError,
    hasSessions: legacyVersions.length > 0,
    versions: [...modernVersions, ...legacyVersions],
    ...(allowedHosts && { allowedHosts: allowedHosts.map((host) => host.toLowerCase()) }),
    ...(authenticate && {
      authenticate: failClosed(authenticate, { anonymous, onError }),
      resource: authenticate.resource,
    }),
    ...(addressOf && { addressOf }),
  };
}

/** An origin that never matches looks like a server that refuses its own web page. */
function requireLists(
  { allowedHosts = [], allowedOrigins = [] }: HttpHandlerOptions,
  where: string,
): void {
  requireArray(`${where}: allowedHosts`, allowedHosts, "string");
  requireArray(`${where}: allowedOrigins`, allowedOrigins, "string");
  for (const [index, origin] of allowedOrigins.entries()) {
    const problem = problemWithOrigin(origin);
    if (problem !== undefined) throw new TypeError(`allowedOrigins[${index}]: ${problem}`);
  }
}

/** The result of `screen`. */
export interface Screening {
  /** The response to a request that must not be served. */
  readonly refusal?: Refusal;
  /** The CORS headers, which every response to the request has. */
  readonly cors: ResponseHeaders;
}

/**
 * Checks `Host`, `Origin`, the HTTP method and the media type, in this order. The first rule that a
 * request breaks decides the response. `Accept` is not checked, because the response would be the
 * same.
 */
export function screen(head: HttpHead, rules: HttpRules): Screening {
  const { method, host, header } = head;
  const isLoopbackHost = loopbackHost.test(host);
  if (!isLoopbackHost && !isAllowedHost(host, head, rules)) {
    return forbidden(`Host ${host}: not allowed; list it in allowedHosts`);
  }
  const document = rules.resource?.document(head.path());
  if (document !== undefined) return publicDocument(method, document);
  const origin = header("origin");
  if (origin !== undefined && !isAllowedOrigin(origin, isLoopbackHost, rules)) {
    return forbidden(`Origin ${origin}: not allowed; list it in allowedOrigins`);
  }
  const cors = corsHeaders(origin, rules);
  if (method === "OPTIONS" && origin !== undefined)
    return { refusal: preflight(header, rules), cors };
  if (method !== "POST") return { refusal: { status: 405, headers: { allow: "POST" } }, cors };
  if (isJSON(header("content-type"))) return { cors };
  const error = invalid("Content-Type: expected application/json");
  return { refusal: { status: 415, error }, cors };
}

/**
 * Returns the response to a request for metadata, which every web page may read.
 *
 * @spec basic/authorization/authorization-server-discovery#authorization-server-location
 */
function publicDocument(method: string, json: string): Screening {
  const cors = { "access-control-allow-origin": "*" };
  const headers = { "access-control-allow-methods": "GET", "access-control-allow-headers": "*" };
  if (method === "OPTIONS") return { refusal: { status: 204, headers }, cors };
  if (method !== "GET" && method !== "HEAD") {
    return { refusal: { status: 405, headers: { allow: "GET, HEAD" } }, cors };
  }
  return { refusal: { status: 200, headers: { "cache-control": documentCaching }, json }, cors };
}

/** An hour would keep clients from a new authorization server for as long. */
const documentCaching = "public, max-age=300";

/** The response to a notification: this revision defines none that a server acts on. */
export const accepted: Refusal = Object.freeze({ status: 202 });

/** Returns the response to a body above the limit. */
export function tooLarge(maxBodyBytes: number): Refusal & { readonly error: ProtocolError } {
  // The rest of the body is not read, so the connection cannot be reused.
  const headers = { connection: "close" };
  return { status: 413, headers, error: invalid(`body: more than ${maxBodyBytes} bytes`) };
}

/** Returns the headers of a response that carries an error. */
export function errorHeaders(
  { retryAfterMs, challenge, headers }: ProtocolError,
  cors: ResponseHeaders,
): ResponseHeaders {
  if (retryAfterMs === undefined && challenge === undefined && headers === undefined) return cors;
  return {
    ...headers,
    ...(retryAfterMs !== undefined && { "retry-after": String(Math.ceil(retryAfterMs / 1000)) }),
    ...(challenge !== undefined && { "www-authenticate": challenge }),
    ...cors,
  };
}

/** The headers of an event stream. */
export const eventStreamHeaders = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

/** A comment that keeps intermediaries from closing an idle stream. */
export const keepAliveComment = ":\n\n";

/** Encodes a message as an event. JSON has no raw line breaks, so the data is one line. */
export function encodeEvent(message: string): string {
  return `event: message\ndata: ${message}\n\n`;
}

function isAllowedHost(host: string, head: HttpHead, { allowedHosts }: HttpRules): boolean {
  if (allowedHosts === undefined) return !head.isLocal();
  const name = host.toLowerCase();
  return allowedHosts.includes(name) || allowedHosts.includes(name.replace(/:\d+$/, ""));
}

function isAllowedOrigin(origin: string, isLoopbackHost: boolean, rules: HttpRules): boolean {
  return rules.allowedOrigins.includes(origin) || (isLoopbackHost && loopbackOrigin.test(origin));
}

/** Returns the error that the client receives for a thrown value, and reports a hidden one. */
export function toProtocolError(thrown: unknown, { onError }: HttpRules): ProtocolError {
  const error = ProtocolError.from(thrown);
  if (error !== thrown) onError(thrown);
  return error;
}

function preflight(header: ReadHeader, { hasSessions }: HttpRules): Refusal {
  return {
    status: 204,
    headers: {
      "access-control-allow-methods": hasSessions ? "POST, GET, DELETE" : "POST",
      "access-control-allow-headers": header("access-control-request-headers") ?? "",
      "access-control-max-age": "600",
    },
  };
}

function forbidden(message: string): Screening {
  return { refusal: { status: 403, error: invalid(message) }, cors: noCors };
}

function corsHeaders(origin: string | undefined, { hasSessions }: HttpRules): ResponseHeaders {
  if (origin === undefined) return noCors;
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": hasSessions ? `${exposed}, mcp-session-id` : exposed,
    vary: "origin",
  };
}

function invalid(message: string): ProtocolError {
  return new ProtocolError("invalidRequest", message);
}
