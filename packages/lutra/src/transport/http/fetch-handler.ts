/**
 * The handler for Web-standard runtimes: `Request` in, `Response` out.
 *
 * @spec basic/transports/streamable-http
 */
import type { Serve } from "../../protocol/exchange.ts";
import {
  encodeError,
  isRequest,
  parseMessage,
  type RequestId,
  readId,
} from "../../protocol/json-rpc.ts";
import { isTransportError } from "../../protocol/transport-error.ts";
import { FetchExchange, jsonResponse } from "./fetch-exchange.ts";
import { decodeBody, parseJSON, requireUTF8 } from "./read-message.ts";
import {
  errorHeaders,
  type HttpHandlerOptions,
  type ReadHeader,
  type Refusal,
  screen,
  tooLarge,
  toProtocolError,
  withDefaults,
} from "./rules.ts";

/** Answers one HTTP request. */
export type FetchHandler = (http: Request) => Promise<Response>;

type Headers = { readonly [name: string]: string };

/**
 * Serves the MCP endpoint as a fetch handler, for Bun, Deno, Workers and frameworks. Set
 * `allowedHosts` where the platform does not route on `Host`.
 *
 * @example
 * ```ts
 * export default { fetch: createFetchHandler(server) };
 * ```
 */
export function createFetchHandler(
  server: { readonly serve: Serve },
  options: HttpHandlerOptions = {},
): FetchHandler {
  const rules = withDefaults(options);

  return async (http) => {
    const header: ReadHeader = (name) => http.headers.get(name) ?? undefined;
    // Not every platform shows the header, which over HTTP/2 does not exist.
    const host = header("host") ?? new URL(http.url).host;
    const { method } = http;
    const { refusal, cors } = screen({ method, host, header, isLocal: () => false }, rules);
    if (refusal) return refuse(refusal, cors);
    let id: RequestId | undefined;
    try {
      const { maxBodyBytes } = rules;
      const text = textOf(await readBody(http, header, maxBodyBytes), header, maxBodyBytes);
      if (text === undefined) return refuse(tooLarge(maxBodyBytes), cors);
      const value = parseJSON(text);
      id = readId(value);
      const message = parseMessage(value);
      if (!isRequest(message)) return refuse({ status: 202 }, cors);
      const principal = rules.authenticate && (await rules.authenticate(header));
      const exchange = new FetchExchange(message, { http, header, principal, rules, cors });
      return await exchange.run(server.serve);
    } catch (thrown) {
      // The exchange was cancelled: nobody waits for this response, whatever it is.
      if (isTransportError(thrown)) return new Response(null, { status: 499 });
      const error = toProtocolError(thrown, rules);
      return jsonResponse(encodeError(id, error), error.status, errorHeaders(error, cors));
    }
  };
}

/**
 * Reads the body, as text where it comes so; `undefined` for what is known to be beyond the limit. It
 * is not checked yet: to do so here would be one promise more.
 */
function readBody(http: Request, header: ReadHeader, maxBytes: number): Promise<Body> | undefined {
  const length = header("content-length");
  if (length === undefined) return readChunks(http, maxBytes);
  if (Number(length) > maxBytes) return undefined;
  const isText = bringsText(http) && header("content-encoding") === undefined;
  return isText ? http.text() : http.arrayBuffer();
}

type Body = string | ArrayBuffer | Uint8Array | undefined;

/** The text of a body; `undefined` for one beyond the limit. Refuses what is not UTF-8. */
function textOf(body: Body, header: ReadHeader, maxBytes: number): string | undefined {
  if (body === undefined) return undefined;
  if (typeof body === "string") {
    if (body.length > maxBytes) return undefined;
    requireUTF8(body, Number(header("content-length")));
    return body;
  }
  return body.byteLength > maxBytes ? undefined : decodeBody(toBytes(body));
}

function toBytes(body: ArrayBuffer | Uint8Array): Uint8Array {
  return body instanceof Uint8Array ? body : new Uint8Array(body);
}

/**
 * True for the requests of adapters, which read a connection of `node:http` themselves. There the
 * bytes would be one more copy, which takes longer than all checks, and `Content-Length` is what
 * Node has counted. Other requests may be made of a body that was written anew and headers that
 * were not, so nothing may be concluded from their length.
 */
function bringsText(http: Request): boolean {
  return http.text !== Request.prototype.text;
}

async function readChunks(http: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of http.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return concat(chunks, size);
}

function concat(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [first] = chunks;
  if (first?.length === size) return first;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function refuse({ status, headers, error }: Refusal, cors: Headers): Response {
  const all = { ...headers, ...cors };
  if (error === undefined) return new Response(null, { status, headers: all });
  return jsonResponse(encodeError(undefined, error), status, all);
}
