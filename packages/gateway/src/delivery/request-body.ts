/** The body of a request that is sent to a replica. */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { Phase } from "./time-limits.ts";

/** Maximum size of a body that is kept for a retry or a copy, in bytes. */
export const maxKeptBytes = 65_536;

/** Returns true when a body follows the head. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

/**
 * Calls back with the body if it arrives in one piece, and with undefined if it must be streamed.
 * Nearly every body arrives in one piece, and one buffer costs far less than a stream.
 */
export function awaitBody(req: IncomingMessage, onBody: (body: Buffer | undefined) => void): void {
  // The parser reports the body after the head has been handled.
  process.nextTick(checkOnce, req, onBody);
}

type OnBody = Parameters<typeof awaitBody>[1];

function checkOnce(req: IncomingMessage, onBody: OnBody): void {
  if (isComplete(req)) onBody(take(req));
  // Some clients send the head and the body in separate writes.
  else if (req.readableLength === 0 && !req.destroyed) {
    req.once("readable", () => setImmediate(checkAgain, req, onBody));
  } else setImmediate(checkAgain, req, onBody);
}

function checkAgain(req: IncomingMessage, onBody: OnBody): void {
  onBody(isComplete(req) ? take(req) : undefined);
}

/** Compares lengths, because `complete` is set a moment after the last byte. */
function isComplete(req: IncomingMessage): boolean {
  return req.complete || req.readableLength === Number(req.headers["content-length"]);
}

function take(req: IncomingMessage): Buffer {
  const body: Buffer | null = req.read();
  return body ?? Buffer.alloc(0);
}

export interface BodyStreamOptions {
  /** True when the body is kept for another attempt, up to `maxKeptBytes`. */
  readonly isKept: boolean;
  /**
   * Called with the phase that begins: `body` while waiting for the client, `idle` for the replica
   * to read, `first-byte` for the response.
   */
  readonly onWait: (phase: Phase) => void;
  /** Called with the whole body, if it was kept. */
  readonly onKept?: ((body: Buffer) => void) | undefined;
}

/**
 * A body that is still arriving. It is a separate stream, because undici destroys the stream of the
 * body when the response comes early. Destroying the request would close the client's connection,
 * which must carry the response.
 */
export class BodyStream extends Readable {
  readonly #req: IncomingMessage;
  readonly #options: BodyStreamOptions;
  #kept: Buffer[] | undefined;
  #keptBytes = 0;
  #isStarted = false;
  #isEnded = false;

  constructor(req: IncomingMessage, options: BodyStreamOptions, before: readonly Buffer[] = []) {
    super({ highWaterMark: maxKeptBytes });
    this.#req = req;
    this.#options = options;
    this.#kept = options.isKept ? [] : undefined;
    // The error is not lost: the delivery, which destroys the stream, already has it.
    this.on("error", () => {});
    for (const chunk of before) this.#pass(chunk);
  }

  /**
   * Destroys this stream and returns a new one with the same body from its start. Returns undefined
   * when the body was not kept.
   */
  again(): BodyStream | undefined {
    if (this.#kept === undefined) return undefined;
    this.destroy();
    return new BodyStream(this.#req, this.#options, this.#kept);
  }

  override _read(): void {
    const req = this.#req;
    this.#options.onWait("body");
    if (!this.#isStarted) {
      this.#isStarted = true;
      req.on("data", this.#onData);
      req.on("end", this.#onEnd);
    }
    if (req.readableEnded) this.#onEnd();
    else req.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#req.off("data", this.#onData);
    this.#req.off("end", this.#onEnd);
    this.#req.pause();
    callback(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#pass(chunk)) return;
    this.#req.pause();
    this.#options.onWait("idle");
  };

  readonly #onEnd = (): void => {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { onWait, onKept } = this.#options;
    this.push(null);
    onWait("first-byte");
    if (this.#kept !== undefined) onKept?.(Buffer.concat(this.#kept));
  };

  #pass(chunk: Buffer): boolean {
    this.#keptBytes += chunk.length;
    if (this.#keptBytes > maxKeptBytes) this.#kept = undefined;
    this.#kept?.push(chunk);
    return this.push(chunk);
  }
}
