/**
 * What an HTTP request must be before its body is read, for every kind of HTTP handler.
 *
 * @spec basic/transports/streamable-http#security-endpoint
 */
import { ProtocolError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/exchange.ts";

/** Reads a header by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined;

export interface HttpHandlerOptions {
  /**
   * Values of `Host` that are answered, with or without port. @default any, but only loopback
   * names on connections that arrive at a loopback address, against DNS rebinding
   */
  readonly allowedHosts?: readonly string[];
  /**
   * Origins of web pages that may call this server, such as `https://app.example.com`; they get
   * CORS headers. @default loopback origins, when `Host` is a loopback name, too
   */
  readonly allowedOrigins?: readonly string[];
  /** The largest body that is read. @default 4194304 (4 MiB) */
  readonly maxBodyBytes?: number;
  /** How much of a stream may wait for a slow reader before it is cut off. @default 1048576 */
  readonly maxBufferedBytes?: number;
  /** Pause between keep-alive comments on open streams, in milliseconds. @default 15000 */
  readonly keepAliveMs?: number;
  /** Finds out who calls, from verified credentials. @default nobody */
  readonly authenticate?: (
    header: ReadHeader,
  ) => Principal | undefined | Promise<Principal | undefined>;
  /** Hears of failures whose cause the peer is not told. @default console.error */
  readonly onError?: (error: unknown) => void;
}

export type HttpRules = Required<Omit<HttpHandlerOptions, "allowedHosts" | "authenticate">> &
  Pick<HttpHandlerOptions, "allowedHosts" | "authenticate">;

/** A response without an exchange. */
export interface Refusal {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly error?: ProtocolError;
}

/** The request line and headers, and whether the connection arrived at a loopback address. */
export interface HttpHead {
  readonly method: string;
  /** What the client takes this server's name for. */
  readonly host: string;
  readonly header: ReadHeader;
  readonly isLocal: () => boolean;
}

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
const loopbackOrigin = /^https?:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;
/** What pages may read of answers beside their bodies. */
const exposed = "www-authenticate, retry-after";
const noCors: Screening["cors"] = Object.freeze({});
const json = /^application\/json\s*(?:;|$)/i;

/** Fills the defaults in. Throws `TypeError` for nonsense. */
export function withDefaults(options: HttpHandlerOptions): HttpRules {
  const { maxBodyBytes = 4_194_304, maxBufferedBytes = 1_048_576, keepAliveMs = 15_000 } = options;
  for (const [name, value] of Object.entries({ maxBodyBytes, maxBufferedBytes, keepAliveMs })) {
    if (!(Number.isInteger(value) && value > 0)) {
      throw new TypeError(`${name}: expected a positive integer`);
    }
  }
  const { allowedHosts, authenticate, allowedOrigins = [] } = options;
  const { onError = (error) => console.error("lutra: HTTP:", error) } = options;
  return {
    maxBodyBytes,
    maxBufferedBytes,
    keepAliveMs,
    allowedOrigins,
    onError,
    ...(allowedHosts && { allowedHosts: allowedHosts.map((host) => host.toLowerCase()) }),
    ...(authenticate && { authenticate }),
  };
}

/** What the head of a request leads to. */
export interface Screening {
  /** Set when the request must not reach the exchange. */
  readonly refusal?: Refusal;
  /** What the browser of a web page that may call must be told, on every answer. */
  readonly cors: { readonly [name: string]: string };
}

/**
 * Refuses what must not reach the exchange. The first rule that a request breaks is its answer.
 * `Accept` is not checked: a client that lists too little gets what it would have got.
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
  const type = header("content-type");
  if (type !== undefined && json.test(type)) return { cors };
  return {
    refusal: { status: 415, error: invalid("Content-Type: expected application/json") },
    cors,
  };
}

/** The refusal of a body beyond the limit. */
export function tooLarge(maxBodyBytes: number): Required<Refusal> {
  // What is left of the body is not read, so the connection can't be used again.
  const headers = { connection: "close" };
  return { status: 413, headers, error: invalid(`body: more than ${maxBodyBytes} bytes`) };
}

/** The headers of a response that carries an error. */
export function errorHeaders(
  { retryAfterMs, challenge }: ProtocolError,
  cors: Screening["cors"],
): Screening["cors"] {
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

/** A comment that keeps intermediaries from closing a quiet stream. */
export const keepAliveComment = ":\n\n";

/** One message as an event. JSON has no raw line breaks, so it is one line of data. */
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

/** Makes the error to tell the peer, and reports what it is not told. */
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

function corsHeaders(origin: string | undefined): Screening["cors"] {
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
