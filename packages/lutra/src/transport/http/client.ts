/**
 * What the HTTP client transports share: their options, the headers of a request, and the errors
 * of a broken exchange.
 *
 * @spec basic/transports/streamable-http#sending-messages
 */
import type { RequestContext } from "../../protocol/exchange.ts";
import { encodeHeaderValue, headerNames } from "../../protocol/http-headers.ts";
import { isObject } from "../../protocol/json.ts";
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import { metaKeys } from "../../protocol/meta.ts";
import type { Method } from "../../protocol/method.ts";
import { coreMethods } from "../../protocol/methods.ts";
import { isTransportError, TransportError } from "../../protocol/transport-error.ts";

export interface HttpHeaders {
  readonly [name: string]: string;
}

export interface HttpTransportOptions {
  /**
   * Headers of every request, for instance `authorization`, or a function that gives them for each.
   * The headers that the protocol defines can't be replaced.
   */
  readonly headers?: HttpHeaders | (() => HttpHeaders | Promise<HttpHeaders>);
  /**
   * The largest JSON response, in bytes, and the largest event of a stream, in characters.
   * @default 67108864 (64 MiB)
   */
  readonly maxResponseBytes?: number;
  /**
   * How many connections are open at once; further requests wait. Each subscription takes one.
   * Browsers and other platforms with `fetch` alone have limits of their own.
   * @default 256
   */
  readonly maxConnections?: number;
  /** Sends requests in place of the platform's own HTTP client. */
  readonly fetch?: typeof fetch;
  /** Methods of extensions whose requests carry `Mcp-Name`, beside those of the core protocol. */
  readonly methods?: readonly Method[];
}

/** A transport's options, complete. */
export interface HttpClient {
  readonly url: URL;
  readonly maxResponseBytes: number;
  readonly maxConnections: number;
  readonly fetch: typeof fetch | undefined;
  /** The user's headers, where each request asks for them anew. */
  readonly dynamicHeaders: (() => HttpHeaders | Promise<HttpHeaders>) | undefined;
  /** The headers that are the same for every request: names and values in turn. */
  readonly staticHeaders: readonly string[];
  /** The parameter that goes into `Mcp-Name`, by method. */
  readonly nameFields: ReadonlyMap<string, string>;
}

/** How long a stream may stay open after its response, in milliseconds. */
export const lingerMs = 1000;

const nameHeader = "Mcp-Name";
const reserved = new Set([
  "accept",
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
  const target = new URL(url);
  if (target.protocol !== "http:" && target.protocol !== "https:") {
    throw new TypeError(`url: expected http: or https:, not ${target.protocol}`);
  }
  if (target.username !== "" || target.password !== "") {
    throw new TypeError("url: credentials belong into the authorization header");
  }
  target.hash = "";
  const { headers, maxResponseBytes = 67_108_864, maxConnections = 256 } = options;
  requirePositive(maxResponseBytes, "maxResponseBytes");
  requirePositive(maxConnections, "maxConnections");
  const isDynamic = typeof headers === "function";
  return {
    url: target,
    maxResponseBytes,
    maxConnections,
    fetch: options.fetch,
    dynamicHeaders: isDynamic ? headers : undefined,
    staticHeaders: [
      ...["content-type", "application/json"],
      ...["accept", "application/json, text/event-stream"],
      ...(isDynamic ? [] : userHeaders(headers ?? {})),
    ],
    nameFields: nameFieldsOf([...coreMethods, ...(options.methods ?? [])]),
  };
}

/**
 * The headers of one request: names and values in turn. The version comes from the body, so that
 * the two never differ.
 *
 * @spec basic/transports/streamable-http#request-metadata
 */
export function requestHeaders(
  client: HttpClient,
  request: JSONRPCRequest,
  context: RequestContext,
): string[] {
  const headers = [...client.staticHeaders, headerNames.method, request.method];
  const meta = request.params?._meta;
  const version = isObject(meta) ? meta[metaKeys.protocolVersion] : undefined;
  if (typeof version === "string") headers.push(headerNames.version, version);
  const { addHeaders } = context;
  const nameField = client.nameFields.get(request.method);
  const name = nameField === undefined ? undefined : request.params?.[nameField];
  if (typeof name === "string" && addHeaders?.[nameHeader] === undefined) {
    headers.push(headerNames.name, encodeHeaderValue(name));
  }
  if (addHeaders !== undefined) {
    for (const header in addHeaders) headers.push(header, addHeaders[header] as string);
  }
  return headers;
}

/**
 * Checks headers that a user gave.
 *
 * @throws {TypeError} for names that the transport itself sets, and for malformed values
 */
export function userHeaders(headers: HttpHeaders): string[] {
  const flat: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (reserved.has(name.toLowerCase())) throw new TypeError(`headers: ${name} is set by Lutra`);
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
      throw new TypeError(`headers: "${name}" is no header name`);
    }
    if (typeof value !== "string" || /[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw new TypeError(`headers: the value of ${name} has invalid characters`);
    }
    flat.push(name, value);
  }
  return flat;
}

/** The error for an exchange that broke before its response was complete. */
export function connectionError(cause: unknown): TransportError {
  if (isTransportError(cause)) return cause;
  return new TransportError("closed", "The connection failed before the response", { cause });
}

function nameFieldsOf(methods: readonly Method[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const { name, nameField } of methods) {
    if (nameField !== undefined) fields.set(name, nameField);
  }
  return fields;
}

function requirePositive(value: number, name: string): void {
  if (!(value > 0)) throw new TypeError(`${name}: expected a positive number`);
}
