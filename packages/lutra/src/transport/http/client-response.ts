/**
 * Reads the response to one request chunk by chunk: JSON or an event stream. Both HTTP client
 * transports use it.
 *
 * @spec basic/transports/streamable-http#receiving-messages
 */

import { type ErrorHead, ProtocolError } from "../../protocol/errors.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import type { JSONObject } from "../../protocol/json.ts";
import { isObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, RequestId, Result } from "../../protocol/json-rpc.ts";
import { decodeJSON } from "../../protocol/json-text.ts";
import { malformed } from "../../protocol/method.ts";
import { isTransportError, TransportError } from "../../protocol/transport-error.ts";
import { parseRetryAfter } from "../../time/retry-after.ts";
import { ByteBuffer } from "../byte-buffer.ts";
import type { HttpClient } from "./client.ts";
import { isEventStream, isJSON } from "./media-type.ts";
import type { EventReader } from "./read-events.ts";
import { createEventReader } from "./read-events.ts";

/** The limits of a response; see `HttpTransportOptions`. */
export type ResponseLimits = Pick<HttpClient, "maxResponseBytes" | "maxResponseValues">;

/** Returns a header of a response by its lower-case name. */
export type ResponseHeader = (name: string) => string | null | undefined;

/** Statuses whose responses may have `Retry-After`. */
const retryStatuses: ReadonlySet<number> = new Set([429, 503]);

const decoder = new TextDecoder();

/** The reader of one response. */
export class ResponseReader {
  /** The result, once it has arrived. Later events are ignored. */
  result: Result | undefined;
  readonly #id: RequestId;
  readonly #notify: RequestContext["notify"];
  readonly #limits: ResponseLimits;
  #status = 0;
  /** The status and `Retry-After`, for responses that may have it. */
  #head: ErrorHead | undefined;
  #events: EventReader | undefined;
  readonly #body = new ByteBuffer();
  #wait: Promise<void> | undefined;

  constructor(id: RequestId, notify: RequestContext["notify"], limits: ResponseLimits) {
    this.#id = id;
    this.#notify = notify;
    this.#limits = limits;
  }

  /** Reads the status and the headers. Throws when the body can't contain an answer. */
  start(status: number, header: ResponseHeader): void {
    this.#status = status;
    if (retryStatuses.has(status)) this.#head = { status, retryAfterMs: retryAfterMs(header) };
    const type = header("content-type");
    const isSuccess = status >= 200 && status < 300;
    if (isSuccess && isEventStream(type)) {
      const { maxResponseBytes: maxBytes } = this.#limits;
      this.#events = createEventReader((data) => this.#readMessage(data), maxBytes);
    } else if (!isJSON(type)) {
      throw isSuccess
        ? malformed(`response: expected JSON or an event stream, got ${type ?? "no Content-Type"}`)
        : this.#httpError();
    }
  }

  /** Reads the next bytes. If it returns a promise, wait for it before reading more. */
  read(chunk: Uint8Array): void | Promise<void> {
    if (this.#events === undefined) {
      const { maxResponseBytes: maxBytes } = this.#limits;
      if (this.#body.length + chunk.length > maxBytes) {
        throw malformed(`response: expected at most ${maxBytes} bytes (maxResponseBytes)`);
      }
      return this.#body.append(chunk);
    }
    this.#wait = undefined;
    this.#events.read(chunk);
    return this.#wait;
  }

  /** Ends the body and returns the result. */
  end(): Result {
    if (this.#events === undefined) this.#readMessage(decoder.decode(this.#body.bytes()));
    if (this.result !== undefined) return this.result;
    throw new TransportError("closed", "The event stream ended before the response");
  }

  #readMessage(text: string): void {
    if (this.result !== undefined) return;
    const message = this.#parse(text);
    if (typeof message.method === "string") this.#readNotification(message);
    else this.#readResponse(message);
  }

  #readResponse(message: JSONObject): void {
    if (isObject(message.error)) throw this.#peerError(message, message.error);
    if (this.#status >= 300) throw this.#httpError();
    if (message.id !== this.#id) throw malformed("response: expected the id of the request");
    if (!isObject(message.result)) throw malformed("response: expected a result or an error");
    this.result = message.result;
  }

  #parse(text: string): JSONObject {
    try {
      const { maxResponseValues } = this.#limits;
      const { value: message, excess } = decodeJSON(text, maxResponseValues, "maxResponseValues");
      if (excess !== undefined) throw malformed(`response: ${excess}`);
      if (isObject(message) && message.jsonrpc === "2.0") return message;
    } catch (cause) {
      if (isTransportError(cause)) throw cause;
      if (this.#status >= 300) throw this.#httpError();
      throw new TransportError("malformed", "response: invalid JSON", { cause });
    }
    if (this.#status >= 300) throw this.#httpError();
    throw malformed("response: expected one JSON-RPC message");
  }

  #readNotification(message: JSONObject): void {
    if (this.#events === undefined) throw malformed("response: expected a result or an error");
    // Servers must not send requests, and clients must not answer them.
    if ("id" in message) throw malformed("event stream: the server sent a request");
    const wait = this.#notify(message as unknown as JSONRPCNotification);
    if (wait !== undefined) this.#wait = wait;
  }

  /** Creates the error of an error response. Its id is missing if the request was unreadable. */
  #peerError({ id }: JSONObject, error: JSONObject): Error {
    const peerError = ProtocolError.fromWire(error, this.#head);
    if (peerError === undefined) {
      return this.#status >= 300 ? this.#httpError() : malformed("response: malformed error");
    }
    if (id === undefined || id === null || id === this.#id) return peerError;
    return malformed("response: expected the id of the request");
  }

  #httpError(): TransportError {
    const status = this.#status;
    const options = { status, retryAfterMs: this.#head?.retryAfterMs };
    return new TransportError("http", `HTTP status ${status} without a JSON-RPC error`, options);
  }
}

function retryAfterMs(header: ResponseHeader): number | undefined {
  return parseRetryAfter(header("retry-after"), { date: header("date") });
}
