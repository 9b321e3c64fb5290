/** One connection to a replica, which carries one exchange at a time. */
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { errors } from "undici";
import type { Exchange } from "./exchange.ts";
import { RequestStream } from "./request-stream.ts";

/** The pool of a connection. */
export interface ConnectionOwner {
  /** Called when the connection can carry the next exchange. */
  readonly onFree: (connection: Connection, keepAliveMs: number | undefined) => void;
  /** Called once when the connection has closed. */
  readonly onClosed: (connection: Connection) => void;
}

/** Maximum size of a body that is copied behind its head, because a second write costs more. */
const smallBytes = 16_384;

export class Connection {
  /** The time at which the server may close the idle connection, by `performance.now()`. */
  expiresAt = Number.POSITIVE_INFINITY;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  #exchange: Exchange | undefined;
  #stream: RequestStream | undefined;
  /**
   * The bytes that were not read when the response was paused. With TLS, further ones and the end of the
   * connection can arrive after that.
   */
  #rest: Buffer | undefined;
  /** True when the server has ended the connection. */
  #isEnded = false;
  /** True when the socket has closed before the end of the response was read. */
  #isGone = false;
  #error: Error | undefined;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    socket.on("error", (error) => {
      this.#error ??= error;
    });
    socket.on("end", () => this.#onEnd());
    socket.on("close", () => this.#onClose());
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  /** Sends a request. Returns false if it was aborted before, and the connection is still free. */
  send(exchange: Exchange): boolean {
    this.#exchange = exchange;
    if (!exchange.connect(this)) {
      this.#exchange = undefined;
      this.#socket.unref();
      return false;
    }
    this.#socket.ref();
    this.#write(exchange);
    return true;
  }

  /** Takes bytes from the socket. Returns false to pause it. */
  read(bytes: Buffer, length: number): boolean {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      // Bytes without a request would be read as the response to the next one.
      this.drop();
      return false;
    }
    if (this.#stream?.isStarted === false) {
      this.destroy(new errors.SocketError("response before the request"));
      return false;
    }
    if (exchange.reader.isPaused) {
      this.#keep(bytes.subarray(0, length));
      return false;
    }
    return this.#readFor(exchange, bytes, length);
  }

  resume(): void {
    const rest = this.#rest;
    const exchange = this.#exchange;
    this.#rest = undefined;
    if (exchange === undefined) return;
    if (rest !== undefined && !this.#readFor(exchange, rest, rest.length)) return;
    if (this.#isEnded) this.#onEnd();
    else this.#socket.resume();
  }

  /** Closes the connection. An exchange must have been told already. */
  drop(): void {
    this.#exchange = undefined;
    this.#rest = undefined;
    this.#stream?.destroy();
    this.#stream = undefined;
    this.#socket.destroy();
    if (!this.#isGone) return;
    this.#isGone = false;
    this.#owner.onClosed(this);
  }

  /** Closes the connection, and reports the error to its exchange. */
  destroy(error: Error): void {
    const exchange = this.#exchange;
    this.drop();
    exchange?.fail(error);
  }

  #write(exchange: Exchange): void {
    const { text, length, isMeasured } = exchange.head;
    const { body } = exchange.request;
    const socket = this.#socket;
    if (body instanceof Readable) {
      this.#stream = new RequestStream({ socket, body, text, length }, (error) => {
        if (error === undefined) this.#stream = undefined;
        else exchange.abort(error);
      });
      return;
    }
    const size = body == null ? 0 : Buffer.byteLength(body);
    if (length !== undefined && length > 0 && length !== size) {
      exchange.abort(new errors.RequestContentLengthMismatchError());
      return;
    }
    const framing = size > 0 || isMeasured ? `content-length: ${size}\r\n\r\n` : "\r\n";
    if (body == null || size === 0) socket.write(text + framing, "latin1");
    else {
      const bytes = typeof body === "string" ? Buffer.from(body) : asBuffer(body);
      if (size <= smallBytes) socket.write(text + framing + bytes.toString("latin1"), "latin1");
      else {
        socket.cork();
        socket.write(text + framing, "latin1");
        socket.write(bytes);
        socket.uncork();
      }
    }
  }

  #readFor(exchange: Exchange, bytes: Buffer, length: number): boolean {
    const { reader } = exchange;
    let at: number;
    try {
      at = reader.read(bytes, 0, length);
    } catch (error) {
      this.destroy(error as Error);
      return false;
    }
    if (this.#exchange !== exchange) return false;
    if (reader.isPaused) {
      this.#keep(bytes.subarray(at, length));
      return false;
    }
    if (reader.isOver) this.#end(exchange, at === length);
    return true;
  }

  /** Keeps a copy of bytes until the response is resumed. */
  #keep(bytes: Buffer): void {
    this.#rest = this.#rest === undefined ? Buffer.from(bytes) : Buffer.concat([this.#rest, bytes]);
  }

  /** Completes the exchange. Bytes after the response show that the two sides disagree on its end. */
  #end(exchange: Exchange, isExact: boolean): void {
    const { head } = exchange.reader;
    const mayReuse = isExact && head?.isPersistent === true && !exchange.head.isLast;
    const isSent = this.#stream === undefined && this.#socket.writableLength === 0;
    if (mayReuse && isSent && !this.#isEnded && head.framing !== "until-close") {
      this.#exchange = undefined;
      this.#socket.unref();
      this.#owner.onFree(this, head.keepAliveMs);
    } else this.drop();
    exchange.complete();
  }

  #onEnd(): void {
    this.#isEnded = true;
    const exchange = this.#exchange;
    if (exchange?.reader.isPaused) return;
    if (exchange?.reader.finish() === true) this.#end(exchange, true);
    else this.destroy(new errors.SocketError("other side closed"));
  }

  #onClose(): void {
    const exchange = this.#exchange;
    if (this.#isEnded && exchange?.reader.isPaused) {
      this.#isGone = true;
      return;
    }
    this.#exchange = undefined;
    this.#stream?.destroy();
    exchange?.fail(this.#error ?? new errors.SocketError("closed"));
    this.#owner.onClosed(this);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
