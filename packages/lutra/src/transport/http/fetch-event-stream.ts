import { encodeEvent, eventStreamHeaders, type HttpRules, keepAliveComment } from "./rules.ts";

const encoder = new TextEncoder();
/** How many bytes may wait before a sender is asked to wait, too; that of Node's streams. */
const highWaterMark = 16_384;

/**
 * The event stream that answers one request of a fetch handler.
 *
 * @spec basic/transports/streamable-http#receiving-messages
 */
export class FetchEventStream {
  readonly #body: ReadableStream<Uint8Array>;
  readonly #maxBufferedBytes: number;
  readonly #keepAlive: ReturnType<typeof setInterval>;
  readonly #onGone: () => void;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #caughtUp: (() => void) | undefined;
  #isOver = false;

  /** `onGone` hears that the reader went away or was cut off for being too slow. */
  constructor({ maxBufferedBytes, keepAliveMs }: HttpRules, onGone: () => void) {
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#onGone = onGone;
    this.#body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#resume(),
        cancel: () => this.#leave(),
      },
      { highWaterMark, size: (chunk) => chunk?.length ?? 0 },
    );
    this.#keepAlive = setInterval(() => this.#write(keepAliveComment), keepAliveMs);
  }

  response(headers: { readonly [name: string]: string }): Response {
    return new Response(this.#body, { headers: { ...headers, ...eventStreamHeaders } });
  }

  /** Sends a message; the promise, where there is one, resolves when the reader has caught up. */
  send(message: string): void | Promise<void> {
    this.#write(encodeEvent(message));
    if (this.#isOver || (this.#controller.desiredSize ?? 0) > 0) return;
    return new Promise((resolve) => {
      const before = this.#caughtUp;
      this.#caughtUp = () => {
        before?.();
        resolve();
      };
    });
  }

  /** Sends the last message and ends the stream. */
  end(message: string): void {
    this.#write(encodeEvent(message));
    if (this.#isOver) return;
    this.#stop();
    this.#controller.close();
  }

  /** Ends the stream without its last message. */
  abort(): void {
    if (this.#isOver) return;
    this.#stop();
    this.#controller.error(new Error("the exchange was cancelled"));
  }

  /** One message may be larger than the bound; the next one finds a reader that fell behind. */
  #write(text: string): void {
    if (this.#isOver) return;
    const buffered = highWaterMark - (this.#controller.desiredSize ?? 0);
    if (buffered <= this.#maxBufferedBytes) this.#controller.enqueue(encoder.encode(text));
    else {
      this.abort();
      this.#onGone();
    }
  }

  #leave(): void {
    if (this.#isOver) return;
    this.#stop();
    this.#onGone();
  }

  #stop(): void {
    this.#isOver = true;
    clearInterval(this.#keepAlive);
    this.#resume();
  }

  #resume(): void {
    this.#caughtUp?.();
    this.#caughtUp = undefined;
  }
}
