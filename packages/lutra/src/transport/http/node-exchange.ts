import type { ServerResponse } from "node:http";
import type { ProtocolError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/exchange.ts";
import { encodeJSON } from "../../protocol/json.ts";
import {
  type EncodedResult,
  encodeError,
  encodeResult,
  type JSONRPCNotification,
  type RequestId,
  type Result,
  resultBytes,
} from "../../protocol/json-rpc.ts";
import { HttpContext } from "./http-context.ts";
import { endWithText } from "./node-end.ts";
import { respond } from "./node-end-early.ts";
import { NodeEventStream, type OpenStreams } from "./node-event-stream.ts";
import { errorHeaders, type HttpRules, type ReadHeader, type ResponseHeaders } from "./rules.ts";

export interface ExchangeOptions {
  readonly header: ReadHeader;
  readonly principal: Principal | undefined;
  readonly address: string | undefined;
  readonly rules: HttpRules;
  readonly streams: OpenStreams;
  readonly cors: ResponseHeaders;
}

/** One request and its response: JSON, or an event stream after the first notification. */
export class NodeExchange {
  readonly context: HttpContext;
  readonly #id: RequestId;
  readonly #res: ServerResponse;
  readonly #options: ExchangeOptions;
  #stream: NodeEventStream | undefined;
  #isOver = false;

  constructor(id: RequestId, res: ServerResponse, options: ExchangeOptions) {
    this.#id = id;
    this.#res = res;
    this.#options = options;
    this.context = new HttpContext(options, this);
  }

  /** Sends a result. */
  succeed(result: Result): void {
    if (this.#stream) this.#stream.end(encodeResult(this.#id, result));
    else endJSON(this.#res, this.#id, result, this.#options.cors);
    this.#isOver = true;
  }

  /** Sends an error. */
  fail(error: ProtocolError): void {
    this.#isOver = true;
    const message = encodeError(this.#id, error);
    if (this.#stream) this.#stream.end(message);
    else writeJSON(this.#res, error.status, message, errorHeaders(error, this.#options.cors));
  }

  /** Sends a notification, unless the exchange has ended. */
  notify(notification: JSONRPCNotification): void | Promise<void> {
    if (this.#isOver || this.#res.destroyed) return;
    const message = encodeJSON(notification);
    if (this.#stream === undefined) {
      const { rules, streams, cors } = this.#options;
      this.#stream = new NodeEventStream(this.#res, streams, rules.maxBufferedBytes);
      this.#stream.start(cors);
    }
    return this.#stream.send(message);
  }

  /** Creates a signal that aborts when the client disconnects before it has the response. */
  createSignal(): AbortSignal {
    const controller = new AbortController();
    const res = this.#res;
    const abort = () => {
      if (!res.writableFinished) controller.abort();
    };
    if (res.destroyed) abort();
    else res.once("close", abort);
    return controller.signal;
  }
}

/** Sends a result as JSON. */
function endJSON(
  res: ServerResponse,
  id: RequestId,
  result: EncodedResult,
  cors: ResponseHeaders,
): void {
  const bytes = result[resultBytes];
  if (bytes) endBytes(res, { id, bytes, cors });
  else writeJSON(res, 200, encodeResult(id, result), cors);
}

interface EncodedResponse {
  readonly id: RequestId;
  readonly bytes: Uint8Array;
  readonly cors: ResponseHeaders;
}

/** Maximum size of a body for which a copy is cheaper than further writes to the socket. */
const smallBytes = 16_384;

/** Sends a result that is already encoded. Copies its bytes only if there are few. */
function endBytes(res: ServerResponse, { id, bytes, cors }: EncodedResponse): void {
  const start = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":`;
  const startBytes = Buffer.byteLength(start);
  res.writeHead(200, {
    "content-type": "application/json",
    "content-length": startBytes + bytes.length + 1,
    ...cors,
  });
  if (startBytes === start.length && bytes.length <= smallBytes) {
    // Node writes a head and a body that are text together. In Latin-1, characters are bytes.
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    endWithText(res, `${start}${text}}`, "latin1");
    return;
  }
  // Node sends writes of the same turn in one packet.
  res.write(start);
  res.write(bytes);
  res.end("}");
}

/** Sends JSON with its length. */
export function writeJSON(
  res: ServerResponse,
  status: number,
  body: string,
  headers: ResponseHeaders,
): void {
  const length = Buffer.byteLength(body);
  const all = { "content-type": "application/json", "content-length": String(length), ...headers };
  // Text with as many bytes as UTF-16 units is ASCII.
  respond(res, {
    status,
    headers: all,
    body,
    encoding: length === body.length ? "latin1" : "utf8",
  });
}
