/**
 * The handler for Web-standard runtimes: `Request` in, `Response` out.
 *
 * @spec basic/transports/streamable-http
 */
import type { Principal, Serve } from "../../protocol/exchange.ts";
import {
  type EncodedResult,
  encodeError,
  encodeResult,
  isRequest,
  type JSONRPCRequest,
  parseMessage,
  type RequestId,
  readId,
} from "../../protocol/json-rpc.ts";
import { isTransportError } from "../../protocol/transport-error.ts";
import { FetchEventStream } from "./fetch-event-stream.ts";
import { HttpContext } from "./http-context.ts";
import { parseBody } from "./read-message.ts";
import {
  type HttpHandlerOptions,
  type HttpRules,
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
      const body = await readBody(http, rules.maxBodyBytes);
      if (body === undefined) return refuse(tooLarge(rules.maxBodyBytes), cors);
      const value = parseBody(body);
      id = readId(value);
      const message = parseMessage(value);
      if (!isRequest(message)) return refuse({ status: 202 }, cors);
      const principal = rules.authenticate && (await rules.authenticate(header));
      return await answer(server.serve, message, { http, header, principal, rules, cors });
    } catch (thrown) {
      const error = toProtocolError(thrown, rules);
      return toResponse(encodeError(id, error), error.status, cors);
    }
  };
}

interface Exchange {
  readonly http: Request;
  readonly header: ReadHeader;
  readonly principal: Principal | undefined;
  readonly rules: HttpRules;
  readonly cors: Headers;
}

/** JSON when the result comes first, an event stream when a notification does. */
function answer(serve: Serve, request: JSONRPCRequest, exchange: Exchange): Promise<Response> {
  const { http, header, principal, rules, cors } = exchange;
  const { id } = request;
  return new Promise((resolve, reject) => {
    let stream: FetchEventStream | undefined;
    const { signal, abort } = lazySignal(() => http.signal);
    const context = new HttpContext({
      header,
      principal,
      signal,
      notify: (notification) => {
        if (stream === undefined) {
          stream = new FetchEventStream(rules, abort);
          resolve(stream.response(cors));
        }
        return stream.send(JSON.stringify(notification));
      },
    });
    const succeed = (result: EncodedResult) => {
      const message = encodeResult(id, result);
      if (stream) stream.end(message);
      else resolve(toResponse(message, 200, cors));
    };
    const fail = (thrown: unknown) => {
      if (stream === undefined) reject(thrown);
      else if (isTransportError(thrown)) stream.abort();
      else stream.end(encodeError(id, toProtocolError(thrown, rules)));
    };
    serve(request, context).then(succeed).catch(fail);
  });
}

/** What makes a signal on demand, and aborts it whether it is made already or not. */
function lazySignal(other: () => AbortSignal): {
  readonly signal: () => AbortSignal;
  readonly abort: () => void;
} {
  let controller: AbortController | undefined;
  let isAborted = false;
  return {
    signal: () => {
      controller = new AbortController();
      if (isAborted) controller.abort();
      return AbortSignal.any([other(), controller.signal]);
    },
    abort: () => {
      isAborted = true;
      controller?.abort();
    },
  };
}

/** Reads the body up to the limit; `undefined` when there is more. */
async function readBody(http: Request, maxBytes: number): Promise<Uint8Array | undefined> {
  const length = http.headers.get("content-length");
  if (Number(length) > maxBytes) return undefined;
  if (length !== null) return new Uint8Array(await http.arrayBuffer());
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
  return toResponse(encodeError(undefined, error), status, all);
}

function toResponse(body: string, status: number, headers: Headers): Response {
  return new Response(body, {
    status,
    headers: { "content-type": "application/json", ...headers },
  });
}
