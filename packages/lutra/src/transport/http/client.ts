/**
 * The shared parts of the HTTP client transports: options and request headers.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */

import type { RequestContext } from "../../protocol/exchange.ts";
import { encodeHeaderValue, headerNames } from "../../protocol/http-headers.ts";
import { isObject } from "../../protocol/json.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import { defaultMaxValues } from "../../protocol/json-text.ts";
import { metaKeys } from "../../protocol/meta.ts";
import { type Method, nameOf } from "../../protocol/method.ts";
import { coreMethods } from "../../protocol/methods.ts";
import { parseURL } from "../../protocol/parse-url.ts";
import type { HttpAuthorization } from "./authorization.ts";

export interface HttpHeaders {
  readonly [name: string]: string;
}

export interface HttpTransportOptions {
  /**
   * Headers of every request, for example `authorization`, or a function that returns them for each
   * request. The headers that the protocol defines can't be replaced.
   */
  readonly headers?: HttpHeaders | (() => HttpHeaders | Promise<HttpHeaders>);
  /**
   * Maximum size of a JSON response, in bytes, and of an event of a stream, in characters.
   * @default 16777216 (16 MiB)
   */
  readonly maxResponseBytes?: number;
  /**
   * Maximum number of keys and values in a response or an event, about. One with more fails the
   * request before it is decoded, because decoding it would block this process. @default 100000
   */
  readonly maxResponseValues?: number;
  /**
   * Maximum number of open connections; further requests wait. Each subscription takes one. Does not
   * apply to browsers and other platforms with `fetch` alone, which have their own limits.
   * @default 256
   */
  readonly maxConnections?: number;
  /** Sends requests in place of the platform's own HTTP client. */
  readonly fetch?: typeof fetch;
  /** Obtains access tokens and adds them to requests: `oauth()` of `lutra/auth/client`. */
  readonly auth?: HttpAuthorization;
  /** Methods of extensions, in addition to those of the core, whose requests carry `Mcp-Name`. */
  readonly methods?: readonly Method[];
}

/** The completed options of a transport. */
export interface HttpClient {
  readonly url: URL;
  /** The URL in messages. Without the query, which may contain secrets. */
  readonly address: string;
  readonly maxResponseBytes: number;
  readonly maxResponseValues: number;
  readonly maxConnections: number;
  readonly fetch: typeof fetch | undefined;
  /** Returns the user's headers for one request, when `headers` is a function. */
  readonly dynamicHeaders: (() => HttpHeaders | Promise<HttpHeaders>) | undefined;
  /** The headers that all requests share: names and values, alternating. */
  readonly staticHeaders: readonly string[];
  /** The known methods, by name. */
  readonly methods: ReadonlyMap<string, Method>;
}

/** Maximum time that a stream stays open after its response, in milliseconds. */
export const lingerMs = 1000;

const nameHeader = "Mcp-Name";
const reserved = new Set([
  "accept",
  "accept-encoding",
  "content-type",
  "content-length",
  "transfer-encoding",
  "connection",
  "host",
  headerNames.version,
  headerNames.method,
  headerNames.name,
]);

/** Completes the options once. */
export function withDefaults(url: string | URL, options: HttpTransportOptions): HttpClient {
  const target = parseEndpoint(url);
  if (target.username !== "" || target.password !== "") {
    throw new TypeError("url: expected no credentials; pass them in the authorization header");
  }
  target.hash = "";
  const { headers, maxResponseBytes = 16_777_216, maxConnections = 256 } = options;
  const { maxResponseValues = defaultMaxValues } = options;
  requirePositive(maxResponseBytes, "maxResponseBytes");
  requirePositive(maxResponseValues, "maxResponseValues");
  requirePositive(maxConnections, "maxConnections");
  const isDynamic = typeof headers === "function";
  return {
    url: target,
    address: addressOf(target),
    maxResponseBytes,
    maxResponseValues,
    maxConnections,
    fetch: fetchOf(target, options),
    dynamicHeaders: isDynamic ? headers : undefined,
    staticHeaders: [
      ...["content-type", "application/json"],
      ...["accept", "application/json, text/event-stream"],
      ...(isDynamic ? [] : userHeaders(headers ?? {})),
    ],
    methods: new Map(
      [...coreMethods, ...(options.methods ?? [])].map((method) => [method.name, method]),
    ),
  };
}

/** Returns the function that sends requests, unless the platform's own HTTP client does. */
function fetchOf(server: URL, { auth, fetch, headers = {} }: HttpTransportOptions) {
  if (auth === undefined) return fetch;
  if (/(?:^| )authorization(?: |$)/i.test(Object.keys(headers).join(" "))) {
    throw new TypeError("headers: expected no authorization beside auth");
  }
  return auth.authorize(server, fetch ?? globalThis.fetch);
}

/**
 * Parses the URL of an endpoint.
 *
 * @throws {TypeError} for any other value
 */
export function parseEndpoint(url: string | URL): URL {
  const target = parseURL(url);
  if (target?.protocol === "http:" || target?.protocol === "https:") return target;
  throw new TypeError(
    "url: expected an absolute http or https URL, such as http://127.0.0.1:3000/mcp",
  );
}

/** Returns a URL as it is shown to users, without the query, which may contain secrets. */
export function addressOf({ origin, pathname }: URL): string {
  return origin + pathname;
}

/**
 * Returns the headers of one request: names and values, alternating. The version is read from the
 * body, so that the two never differ.
 *
 * @spec basic/transports/streamable-http#request-metadata
 */
export function requestHeaders(
  client: HttpClient,
  request: JSONRPCRequest,
  context: Pick<RequestContext, "addHeaders">,
): string[] {
  const headers = [...client.staticHeaders, headerNames.method, request.method];
  const meta = request.params?._meta;
  const version = isObject(meta) ? meta[metaKeys.protocolVersion] : undefined;
  if (typeof version === "string") headers.push(headerNames.version, version);
  const { addHeaders } = context;
  const name = nameOf(client.methods.get(request.method), request.params);
  if (name !== undefined && addHeaders?.[nameHeader] === undefined) {
    headers.push(headerNames.name, encodeHeaderValue(name));
  }
  if (addHeaders !== undefined) {
    for (const header in addHeaders) headers.push(header, addHeaders[header] as string);
  }
  return headers;
}

/**
 * Validates the user's headers. Returns names and values, alternating.
 *
 * @throws {TypeError} for names that the transport itself sets, and for malformed values
 */
export function userHeaders(headers: HttpHeaders): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (reserved.has(name.toLowerCase()))
      throw new TypeError(`headers: ${name} is set by Lutra and can't be replaced`);
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      throw new TypeError(`headers: "${name}" is not a valid header name`);
    }
    if (typeof value !== "string" || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new TypeError(`headers: the value of ${name} contains invalid characters`);
    }
    flat.push(name, value);
  }
  return flat;
}

function requirePositive(value: number, name: string): void {
  if (!(value > 0)) throw new TypeError(`${name}: expected a positive number`);
}
