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
      const text = await readText(http, header, rules.maxBodyBytes);
      if (text === undefined) return refuse(tooLarge(rules.maxBodyBytes), cors);
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

/** Reads the body up to the limit; `undefined` when there is more. */
function readText(
  http: Request,
  header: ReadHeader,
  maxBytes: number,
): Promise<string | undefined> {
  const length = header("content-length");
  if (length === undefined) return readChunks(http, maxBytes);
  if (Number(length) > maxBytes) return Promise.resolve(undefined);
  if (!bringsText(http) || header("content-encoding") !== undefined) {
    return readBytes(http, maxBytes);
  }
  return http.text().then((text) => {
    if (text.length > maxBytes) return undefined;
    requireUTF8(text, Number(length));
    return text;
  });
}

async function readBytes(http: Request, maxBytes: number): Promise<string | undefined> {
  const bytes = new Uint8Array(await http.arrayBuffer());
  return bytes.length > maxBytes ? undefined : decodeBody(bytes);
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

async function readChunks(http: Request, maxBytes: number): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of http.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return decodeBody(concat(chunks, size));
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
