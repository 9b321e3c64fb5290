/** One request and its response, on one connection. */
import type { WireHandler, WireRequest } from "./handler.ts";
import { encodeRequestHead, type RequestHead } from "./request-head.ts";
import type { ResponseHead } from "./response-head.ts";
import { ResponseReader, type ResponseSink } from "./response-reader.ts";

/** The connection of an exchange, as the exchange sees it. */
interface Carrying {
  /** Ends the connection. */
  readonly drop: () => void;
  readonly resume: () => void;
}

export class Exchange implements ResponseSink {
  readonly request: WireRequest;
  readonly head: RequestHead;
  readonly reader: ResponseReader;
  /** True once the handler got the end or an error. */
  isOver = false;
  readonly #handler: WireHandler;
  #connection: Carrying | undefined;

  /** @throws {errors.InvalidArgumentError} for a request that can't be sent */
  constructor(request: WireRequest, host: string, handler: WireHandler) {
    this.request = request;
    this.head = encodeRequestHead(request, host);
    this.reader = new ResponseReader(this, request.method === "HEAD");
    this.#handler = handler;
  }

  /** Reports the connection. Returns false if the exchange was aborted instead. */
  connect(connection: Carrying): boolean {
    try {
      this.#handler.onConnect((error) => this.abort(error));
    } catch (error) {
      this.abort(error as Error);
    }
    if (!this.isOver) this.#connection = connection;
    return !this.isOver;
  }

  /** Ends the exchange and its connection. */
  abort(error: Error): void {
    if (this.isOver) return;
    this.fail(error);
    this.#connection?.drop();
  }

  /** Reports an error, unless the exchange has ended. */
  fail(error: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.reader.isOver = true;
    this.#handler.onError(error);
  }

  complete(): void {
    if (this.isOver) return;
    this.isOver = true;
    try {
      this.#handler.onComplete();
    } catch (error) {
      this.#handler.onError(error as Error);
    }
  }

  onHead({ status, raw }: ResponseHead): boolean {
    try {
      return this.#handler.onHeaders(status, raw, this.#resume);
    } catch (error) {
      this.abort(error as Error);
      return false;
    }
  }

  onBody(chunk: Buffer): boolean {
    try {
      return this.#handler.onData(chunk);
    } catch (error) {
      this.abort(error as Error);
      return false;
    }
  }

  readonly #resume = (): void => {
    if (this.isOver || !this.reader.isPaused) return;
    this.reader.isPaused = false;
    this.#connection?.resume();
  };
}
