import {
  encodeEvent,
  eventStreamHeaders,
  type HttpRules,
  keepAliveComment,
  type ResponseHeaders,
} from "./rules.ts";

const encoder = new TextEncoder();
/** Number of unsent bytes from which senders have to wait; the value of Node's streams. */
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
  /** The senders that wait until the client has caught up. */
  #waiting: (() => void)[] = [];
  #isOver = false;

  /** @param onGone Called when the client disconnects, or is disconnected for being too slow */
  constructor({ maxBufferedBytes, keepAliveMs }: HttpRules, onGone: () => void) {
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#onGone = onGone;
    this.#body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#resume(),
        cancel: () => this.#onCancel(),
      },
      { highWaterMark, size: (chunk) => chunk?.length ?? 0 },
    );
    this.#keepAlive = setInterval(() => this.#write(keepAliveComment), keepAliveMs);
  }

  response(headers: ResponseHeaders): Response {
    return new Response(this.#body, { headers: { ...headers, ...eventStreamHeaders } });
  }

  /** Sends a message. Returns a promise where the client has to catch up before the next one. */
  send(message: string): void | Promise<void> {
    return this.sendText(encodeEvent(message));
  }

  /** Sends an event that is encoded already. */
  sendText(text: string): void | Promise<void> {
    this.#write(text);
    if (this.#isOver || (this.#controller.desiredSize ?? 0) > 0) return;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Sends the last message and ends the stream. */
  end(message: string): void {
    this.#write(encodeEvent(message));
    this.close();
  }

  /** Ends the stream. */
  close(): void {
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

  /** A single message may be larger than the limit, which is checked before the next one. */
  #write(text: string): void {
    if (this.#isOver) return;
    const buffered = highWaterMark - (this.#controller.desiredSize ?? 0);
    if (buffered <= this.#maxBufferedBytes) this.#controller.enqueue(encoder.encode(text));
    else {
      this.abort();
      this.#onGone();
    }
  }

  #onCancel(): void {
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
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
