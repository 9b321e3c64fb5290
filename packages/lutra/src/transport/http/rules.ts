/**
 * The rules of the HTTP endpoint that apply before a body is read, for both HTTP handlers.
 *
 * @spec basic/transports/streamable-http#security-endpoint
 */
import { ProtocolError } from "../../protocol/errors.ts";
import { isolate } from "../../protocol/isolate.ts";
import { defaultMaxValues } from "../../protocol/json-text.ts";
import { type Authenticate, failClosed } from "./authenticate.ts";
import { isJSON } from "./media-type.ts";

/** Reads a header by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined;

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
   * which it returns no principal are refused with the status 401. An error that is no
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
  Pick<HttpHandlerOptions, Optional>;

/** A response to a request that is not served. */
export interface Refusal {
  readonly status: number;
  readonly headers?: ResponseHeaders;
  readonly error?: ProtocolError;
}

/** The parts of a request that `screen` reads. */
export interface HttpHead {
  readonly method: string;
  /** The value of `Host`, or the host of the URL. */
  readonly host: string;
  readonly header: ReadHeader;
  /** Returns true when the connection arrived at a loopback address. */
  readonly isLocal: () => boolean;
}

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
const loopbackOrigin = /^https?:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
/** The response headers that web pages may read. */
const exposed = "www-authenticate, retry-after";
const noCors: ResponseHeaders = Object.freeze({});

/**
 * Completes the options with their defaults.
 *
 * @throws {TypeError} for a limit that is not a positive integer, and for an `authenticate` that is
 *   not a function
 */
export function withDefaults(options: HttpHandlerOptions): HttpRules {
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
  const onError = isolate(options.onError ?? ((error) => console.error("lutra: HTTP:", error)));
  return {
    ...limits,
    allowedOrigins,
    onError,
    ...(allowedHosts && { allowedHosts: allowedHosts.map((host) => host.toLowerCase()) }),
    ...(authenticate && { authenticate: failClosed(authenticate, { anonymous, onError }) }),
    ...(addressOf && { addressOf }),
  };
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
  const origin = header("origin");
  if (origin !== undefined && !isAllowedOrigin(origin, isLoopbackHost, rules)) {
    return forbidden(`Origin ${origin}: not allowed; list it in allowedOrigins`);
  }
  const cors = corsHeaders(origin);
  if (method === "OPTIONS" && origin !== undefined) return { refusal: preflight(header), cors };
  if (method !== "POST") return { refusal: { status: 405, headers: { allow: "POST" } }, cors };
  if (isJSON(header("content-type"))) return { cors };
  const error = invalid("Content-Type: expected application/json");
  return { refusal: { status: 415, error }, cors };
}

/** The response to a notification: this revision defines none that a server acts on. */
export const accepted: Refusal = Object.freeze({ status: 202 });

/** Returns the response to a body above the limit. */
export function tooLarge(maxBodyBytes: number): Required<Refusal> {
  // The rest of the body is not read, so the connection cannot be reused.
  const headers = { connection: "close" };
  return { status: 413, headers, error: invalid(`body: more than ${maxBodyBytes} bytes`) };
}

/** Returns the headers of a response that carries an error. */
export function errorHeaders(
  { retryAfterMs, challenge }: ProtocolError,
  cors: ResponseHeaders,
): ResponseHeaders {
  if (retryAfterMs === undefined && challenge === undefined) return cors;
  return {
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

function preflight(header: ReadHeader): Refusal {
  return {
    status: 204,
    headers: {
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": header("access-control-request-headers") ?? "",
      "access-control-max-age": "600",
    },
  };
}

function forbidden(message: string): Screening {
  return { refusal: { status: 403, error: invalid(message) }, cors: noCors };
}

function corsHeaders(origin: string | undefined): ResponseHeaders {
  if (origin === undefined) return noCors;
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": exposed,
    vary: "origin",
  };
}

function invalid(message: string): ProtocolError {
  return new ProtocolError("invalidRequest", message);
}
