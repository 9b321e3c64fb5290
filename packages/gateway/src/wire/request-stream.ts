/** Sends a body that is still arriving. */
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { errors } from "undici";

export interface RequestStreamInit {
  readonly socket: Socket;
  readonly body: Readable;
  /** The head without the fields that frame the body. */
  readonly text: string;
  /** The length of the body; undefined to send it in chunks. */
  readonly length: number | undefined;
}

/** Writes a body as fast as the socket takes it. */
export class RequestStream {
  readonly #init: RequestStreamInit;
  readonly #onOver: (error: Error | undefined) => void;
  #written = 0;
  /** True once the head was written. */
  isStarted = false;
  #isOver = false;

  /** @param onOver - called once: without an error when the body was written, or with the reason that it can't be */
  constructor(init: RequestStreamInit, onOver: (error: Error | undefined) => void) {
    const { body, socket } = init;
    this.#init = init;
    this.#onOver = onOver;
    body.on("data", this.#onData);
    body.on("end", this.#onEnd);
    body.on("error", this.#onError);
    body.on("close", this.#onClose);
    socket.on("drain", this.#onDrain);
  }

  /** Ends the stream without a call of `onOver`. */
  destroy(): void {
    if (this.#release()) this.#init.body.destroy();
  }

  readonly #onData = (chunk: Buffer): void => {
    const { socket, length, body } = this.#init;
    if (chunk.length === 0) return;
    if (length !== undefined && this.#written + chunk.length > length) {
      this.#finish(new errors.RequestContentLengthMismatchError());
      return;
    }
    socket.cork();
    this.#start();
    if (length === undefined) socket.write(`${chunk.length.toString(16)}\r\n`, "latin1");
    let mayContinue = socket.write(chunk);
    if (length === undefined) mayContinue = socket.write("\r\n", "latin1");
    socket.uncork();
    this.#written += chunk.length;
    if (!mayContinue) body.pause();
  };

  readonly #onEnd = (): void => {
    const { socket, length } = this.#init;
    if (length !== undefined && this.#written !== length) {
      this.#finish(new errors.RequestContentLengthMismatchError());
      return;
    }
    this.#start();
    if (length === undefined) socket.write("0\r\n\r\n", "latin1");
    this.#finish(undefined);
  };

  readonly #onError = (error: Error): void => this.#finish(error);

  readonly #onClose = (): void => this.#finish(new errors.RequestAbortedError());

  readonly #onDrain = (): void => {
    this.#init.body.resume();
  };

  /** Writes the head. */
  #start(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    const { socket, text, length } = this.#init;
    const framing =
      length === undefined ? "transfer-encoding: chunked" : `content-length: ${length}`;
    socket.write(`${text}${framing}\r\n\r\n`, "latin1");
  }

  #finish(error: Error | undefined): void {
    if (!this.#release()) return;
    if (error !== undefined) this.#init.body.destroy();
    this.#onOver(error);
  }

  #release(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    const { body, socket } = this.#init;
    body.off("data", this.#onData);
    body.off("end", this.#onEnd);
    body.off("close", this.#onClose);
    socket.off("drain", this.#onDrain);
    return true;
  }
}
