import type { ServerResponse } from "node:http";
import { type OpenEntry, OpenSet } from "../../protocol/open-entries.ts";
import { largeAsBytes } from "./node-large-text.ts";
import { encodeEvent, eventStreamHeaders, keepAliveComment } from "./rules.ts";

/** The open streams of one endpoint. One timer keeps all of them alive. */
export class OpenStreams {
  readonly #streams = new OpenSet<NodeEventStream>();
  readonly #keepAliveMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(keepAliveMs: number) {
    this.#keepAliveMs = keepAliveMs;
  }

  add(stream: NodeEventStream): OpenEntry<NodeEventStream> {
    this.#timer ??= setInterval(() => this.#keepAlive(), this.#keepAliveMs).unref();
    return this.#streams.add(stream);
  }

  delete(entry: OpenEntry<NodeEventStream>): void {
    this.#streams.delete(entry);
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #keepAlive(): void {
    for (const stream of this.#streams) stream.write(keepAliveComment);
  }
}

/**
 * The event stream that answers one request, opened by its first message.
 *
 * @spec basic/transports/streamable-http#receiving-messages
 */
export class NodeEventStream {
  readonly #res: ServerResponse;
  readonly #open: OpenStreams;
  readonly #maxBufferedBytes: number;
  #draining: Promise<void> | undefined;

  constructor(res: ServerResponse, open: OpenStreams, maxBufferedBytes: number) {
    this.#res = res;
    this.#open = open;
    this.#maxBufferedBytes = maxBufferedBytes;
  }

  start(headers: { readonly [name: string]: string }): void {
    this.#res.writeHead(200, { ...headers, ...eventStreamHeaders });
    const entry = this.#open.add(this);
    this.#res.once("close", () => this.#open.delete(entry));
  }

  /** Sends a message. Returns a promise where the client has to catch up before the next one. */
  send(message: string): void | Promise<void> {
    return this.sendText(encodeEvent(message));
  }

  /** Sends an event that is encoded already. */
  sendText(text: string): void | Promise<void> {
    if (this.write(text)) return;
    return this.#drained();
  }

  /** Sends the last message and ends the stream. */
  end(message: string): void {
    this.#res.end(largeAsBytes(encodeEvent(message)));
  }

  /**
   * Writes text. Returns false when the caller should wait. Closes the connection of a client that
   * has fallen behind by more than the limit, which cancels its request. A single message may be
   * larger than the limit.
   */
  write(text: string): boolean {
    const res = this.#res;
    if (res.writableLength > this.#maxBufferedBytes) res.destroy();
    if (res.destroyed || res.writableEnded) return true;
    return res.write(largeAsBytes(text));
  }

  /** Returns one promise for all messages that wait for the client to catch up. */
  #drained(): Promise<void> {
    const res = this.#res;
    if (res.destroyed) return Promise.resolve();
    this.#draining ??= new Promise((resolve) => {
      const done = () => {
        res.off("drain", done);
        res.off("close", done);
        this.#draining = undefined;
        resolve();
      };
      res.once("drain", done);
      res.once("close", done);
    });
    return this.#draining;
  }
}
