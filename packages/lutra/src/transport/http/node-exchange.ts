import type { ServerResponse } from "node:http";
import type { Principal, Serve } from "../../protocol/exchange.ts";
import {
  type EncodedResult,
  encodeError,
  encodeResult,
  type JSONRPCRequest,
  type RequestId,
  resultBytes,
} from "../../protocol/json-rpc.ts";
import { isTransportError } from "../../protocol/transport-error.ts";
import { HttpContext } from "./http-context.ts";
import { NodeEventStream, type OpenStreams } from "./node-event-stream.ts";
import { type HttpRules, type ReadHeader, toProtocolError } from "./rules.ts";

export interface ExchangeOptions {
  readonly rules: HttpRules;
  readonly streams: OpenStreams;
  readonly cors: { readonly [name: string]: string };
}

/** One request and its answer: JSON, or an event stream once a notification was sent. */
export class NodeExchange {
  readonly #request: JSONRPCRequest;
  readonly #res: ServerResponse;
  readonly #options: ExchangeOptions;
  #stream: NodeEventStream | undefined;
  #isOver = false;

  constructor(request: JSONRPCRequest, res: ServerResponse, options: ExchangeOptions) {
    this.#request = request;
    this.#res = res;
    this.#options = options;
  }

  async run(serve: Serve, header: ReadHeader, principal: Principal | undefined): Promise<void> {
    const context = new HttpContext({
      header,
      principal,
      notify: (notification) => this.#notify(JSON.stringify(notification)),
      signal: () => this.#signal(),
    });
    const { id } = this.#request;
    try {
      const result = await serve(this.#request, context);
      if (this.#stream) this.#stream.end(encodeResult(id, result));
      else endJSON(this.#res, id, result, this.#options.cors);
    } catch (thrown) {
      if (this.#stream === undefined || isTransportError(thrown)) throw thrown;
      this.#stream.end(encodeError(id, toProtocolError(thrown, this.#options.rules)));
    } finally {
      this.#isOver = true;
    }
  }

  #notify(message: string): void | Promise<void> {
    if (this.#isOver || this.#res.destroyed) return;
    if (this.#stream === undefined) {
      const { rules, streams, cors } = this.#options;
      this.#stream = new NodeEventStream(this.#res, streams, rules.maxBufferedBytes);
      this.#stream.start(cors);
    }
    return this.#stream.send(message);
  }

  #signal(): AbortSignal {
    const controller = new AbortController();
    const res = this.#res;
    const abort = () => {
      if (!res.writableFinished) controller.abort();
    };
    if (res.closed || res.destroyed) abort();
    else res.once("close", abort);
    return controller.signal;
  }
}

/** Answers with a result as JSON. */
function endJSON(
  res: ServerResponse,
  id: RequestId,
  result: EncodedResult,
  cors: { readonly [name: string]: string },
): void {
  const bytes = result[resultBytes];
  const body = bytes ? encodeBytes(id, bytes) : encodeResult(id, result);
  writeJSON(res, 200, body, cors);
}

/** Puts a result that was encoded ahead of time into its response, in one copy. */
function encodeBytes(id: RequestId, bytes: Uint8Array): Buffer {
  const start = Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`);
  const body = Buffer.allocUnsafe(start.length + bytes.length + 1);
  body.set(start);
  body.set(bytes, start.length);
  body[body.length - 1] = 0x7d;
  return body;
}

/** Answers with JSON and its length. */
export function writeJSON(
  res: ServerResponse,
  status: number,
  body: string | Buffer,
  cors: { readonly [name: string]: string },
): void {
  const length = Buffer.byteLength(body);
  res.writeHead(status, { "content-type": "application/json", "content-length": length, ...cors });
  res.end(body);
}
