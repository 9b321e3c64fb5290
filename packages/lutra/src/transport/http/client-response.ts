/**
 * Reads the response to one request chunk by chunk, JSON or an event stream, and creates the errors of
 * the exchange. Both HTTP client transports use it.
 *
 * @spec basic/transports/streamable-http#receiving-messages
 */

import { type ErrorHead, ProtocolError } from "../../protocol/errors.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import type { JSONObject } from "../../protocol/json.ts";
import { isObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, RequestId, Result } from "../../protocol/json-rpc.ts";
import { decodeJSON } from "../../protocol/json-text.ts";
import { isTransportError, TransportError } from "../../protocol/transport-error.ts";
import { parseRetryAfter } from "../../time/retry-after.ts";
import { TextBuffer } from "../text-buffer.ts";
import type { HttpClient } from "./client.ts";
import { isEventStream, isJSON } from "./media-type.ts";
import type { EventReader } from "./read-events.ts";
import { createEventReader } from "./read-events.ts";

/** The endpoint, and the limits of its responses; see `HttpTransportOptions`. */
export type ResponseSource = Pick<HttpClient, "address" | "maxResponseBytes" | "maxResponseValues">;

/** Returns a header of a response by its lower-case name. */
export type ResponseHeader = (name: string) => string | null | undefined;

/** Statuses whose responses may have `Retry-After`. */
const retryStatuses: ReadonlySet<number> = new Set([429, 503]);

/** Statuses whose responses may have `WWW-Authenticate`. */
const challengeStatuses: ReadonlySet<number> = new Set([401, 403]);

/** The reader of one response. */
export class ResponseReader {
  /** The result, once it has arrived. Later events are ignored. */
  result: Result | undefined;
  readonly #id: RequestId;
  readonly #notify: RequestContext["notify"];
  readonly #source: ResponseSource;
  #status = 0;
  /** The status with `Retry-After` or the challenge, for responses that may have one. */
  #head: ErrorHead | undefined;
  #events: EventReader | undefined;
  readonly #body = new TextBuffer();
  #wait: Promise<void> | undefined;

  constructor(id: RequestId, notify: RequestContext["notify"], source: ResponseSource) {
    this.#id = id;
    this.#notify = notify;
    this.#source = source;
  }

  /** The size of the part of the response that waits for its end, in bytes or characters. */
  get bufferedBytes(): number {
    return this.#events?.bufferedLength() ?? this.#body.length;
  }

  /** Reads the status and the headers. Throws when the body can't contain an answer. */
  start(status: number, header: ResponseHeader): void {
    this.#status = status;
    if (retryStatuses.has(status)) this.#head = { status, retryAfterMs: retryAfterMs(header) };
    if (challengeStatuses.has(status)) {
      this.#head = { status, challenge: header("www-authenticate") ?? undefined };
    }
    const type = header("content-type");
    const isSuccess = status >= 200 && status < 300;
    if (isSuccess && isEventStream(type)) {
      const { maxResponseBytes: maxBytes } = this.#source;
      this.#events = createEventReader((data) => this.#readMessage(data), maxBytes);
    } else if (!isJSON(type)) {
      throw isSuccess
        ? this.#malformed(`expected JSON or an event stream, got ${type ?? "no Content-Type"}`)
        : this.#httpError();
    }
  }

  /** Reads the next bytes. If it returns a promise, wait for it before reading more. */
  read(chunk: Uint8Array): void | Promise<void> {
    if (this.#events === undefined) {
      const { maxResponseBytes: maxBytes } = this.#source;
      if (this.#body.length + chunk.length > maxBytes) {
        throw this.#malformed(`expected at most ${maxBytes} bytes (maxResponseBytes)`);
      }
      return this.#utf8(() => this.#body.append(chunk));
    }
    this.#wait = undefined;
    this.#events.read(chunk);
    return this.#wait;
  }

  /** Ends the body and returns the result. */
  end(): Result {
    if (this.#events === undefined) this.#readMessage(this.#utf8(() => this.#body.take()));
    if (this.result !== undefined) return this.result;
    const { address } = this.#source;
    throw new TransportError("closed", `${address}: the event stream ended before the response`);
  }

  /**
   * Decodes a part of the body.
   *
   * @spec basic/transports/index
   */
  #utf8<T>(decode: () => T): T {
    try {
      return decode();
    } catch (cause) {
      throw this.#status >= 300 ? this.#httpError() : this.#malformed("expected UTF-8", cause);
    }
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
    if (message.id !== this.#id) throw this.#malformed("expected the id of the request");
    if (!isObject(message.result)) throw this.#malformed("expected a result or an error");
    this.result = message.result;
  }

  #parse(text: string): JSONObject {
    try {
      const { maxResponseValues } = this.#source;
      const { value: message, excess } = decodeJSON(text, maxResponseValues, "maxResponseValues");
      if (excess !== undefined) throw this.#malformed(excess);
      if (isObject(message) && message.jsonrpc === "2.0") return message;
    } catch (cause) {
      if (isTransportError(cause)) throw cause;
      if (this.#status >= 300) throw this.#httpError();
      throw this.#malformed("invalid JSON", cause);
    }
    if (this.#status >= 300) throw this.#httpError();
    throw this.#malformed("expected one JSON-RPC message");
  }

  #readNotification(message: JSONObject): void {
    if (this.#events === undefined) throw this.#malformed("expected a result or an error");
    // Servers must not send requests, and clients must not answer them.
    if ("id" in message) throw this.#malformed("the server sent a request on the event stream");
    const wait = this.#notify(message as unknown as JSONRPCNotification);
    if (wait !== undefined) this.#wait = wait;
  }

  /** Creates the error of an error response. Its id is missing if the request was unreadable. */
  #peerError({ id }: JSONObject, error: JSONObject): Error {
    const peerError = ProtocolError.fromWire(error, this.#head);
    if (peerError === undefined) {
      return this.#status >= 300 ? this.#httpError() : this.#malformed("malformed error");
    }
    if (id === undefined || id === null || id === this.#id) return peerError;
    return this.#malformed("expected the id of the request");
  }

  /** Creates the error for an exchange that broke before its response was complete. */
  connectionError(cause: unknown): TransportError {
    if (isTransportError(cause)) return cause;
    const code = systemCode(cause);
    const why = code === undefined ? "" : ` (${code})`;
    const remedy = code === "ECONNREFUSED" ? "; is the server running, and on this port?" : "";
    const message = `${this.#source.address}: the connection failed before the response${why}${remedy}`;
    return new TransportError("closed", message, { cause });
  }

  #malformed(problem: string, cause?: unknown): TransportError {
    const message = `${this.#source.address}: response: ${problem}`;
    return new TransportError("malformed", message, { cause });
  }

  #httpError(): TransportError {
    const status = this.#status;
    const { address } = this.#source;
    const isOtherPath = (status === 404 || status === 405) && !address.endsWith("/mcp");
    const remedy = isOtherPath ? "; is the path of the endpoint /mcp?" : "";
    const message = `${address}: HTTP status ${status} without a JSON-RPC error${remedy}`;
    const options = { status, retryAfterMs: this.#head?.retryAfterMs };
    return new TransportError("http", message, options);
  }
}

function retryAfterMs(header: ResponseHeader): number | undefined {
  return parseRetryAfter(header("retry-after"), { date: header("date") });
}

/** Returns the code of an error, for example `ENOTFOUND`. `fetch` hides it in the cause. */
function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { readonly code?: unknown };
  return typeof code === "string" ? code : systemCode(error.cause);
}
