/** The body of a request that is sent to a replica. */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { takeWhole, watchArrival } from "lutra/internal";
import type { Phase } from "./time-limits.ts";

/** Maximum size of a body that is received before it is sent, and kept for a retry or a copy, in bytes. */
export const maxKeptBytes = 65_536;

/** Returns true when a body follows the head. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

/** Receives a body, or the reason why it did not arrive. */
interface BodyListener {
  /** Called with a body that is complete, or with the beginning of one that must be streamed. */
  readonly onBody: (body: Buffer | readonly Buffer[]) => void;
  /** Called if the body arrives too slowly, also while it is streamed. */
  readonly onSlow: () => void;
}

/**
 * Calls back once the body is complete or more than `maxKeptBytes` of it have arrived, so that a body
 * that arrives slowly holds no slot. Nearly every body arrives in one piece, and one buffer costs far
 * less than a stream.
 */
export function awaitBody(req: IncomingMessage, listener: BodyListener): void {
  awaitFirst(req, { onBody: listener.onBody, onPart: () => collect(req, listener) });
}

interface FirstListener {
  /** Called with a body that is complete. */
  readonly onBody: (body: Buffer) => void;
  /** Called when only a part has arrived, of which nothing was read. */
  readonly onPart: () => void;
}

/** Calls back once a body has arrived in one piece, or a part of one that arrives in several. */
export function awaitFirst(req: IncomingMessage, listener: FirstListener): void {
  // The parser reports the body after the head has been handled.
  process.nextTick(checkOnce, req, listener);
}

function checkOnce(req: IncomingMessage, listener: FirstListener): void {
  const body = takeWhole(req);
  if (body !== undefined) listener.onBody(body);
  // Some clients send the head and the body in separate writes.
  else if (req.readableLength === 0 && !req.destroyed) {
    req.once("readable", () => setImmediate(checkAgain, req, listener));
  } else setImmediate(checkAgain, req, listener);
}

function checkAgain(req: IncomingMessage, { onBody, onPart }: FirstListener): void {
  const body = takeWhole(req);
  if (body === undefined) onPart();
  else onBody(body);
}

function collect(req: IncomingMessage, { onBody, onSlow }: BodyListener): void {
  const chunks: Buffer[] = [];
  let size = 0;
  watchArrival(req, onSlow);
  const end = (body: Buffer | readonly Buffer[]) => {
    req.off("data", onData);
    req.off("end", onEnd);
    onBody(body);
  };
  const onEnd = () => end(Buffer.concat(chunks));
  const onData = (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size === Number(req.headers["content-length"])) onEnd();
    else if (size > maxKeptBytes) {
      req.pause();
      end(chunks);
    }
  };
  req.on("data", onData);
  req.on("end", onEnd);
}

/**
 * Called with the phase that begins: `body` while waiting for the client, `idle` for the replica to
 * read, `first-byte` for the response.
 */
export type OnWait = (phase: Phase) => void;

/**
 * A body that is still arriving, and too large to be kept. It is a separate stream, because a connection destroys the stream of the
 * body when the response comes early. Destroying the request would close the client's connection,
 * which must carry the response.
 */
export class BodyStream extends Readable {
  readonly #req: IncomingMessage;
  readonly #onWait: OnWait;
  #isStarted = false;
  #isEnded = false;

  /** @param before - the beginning of the body, which was read from the request already */
  constructor(req: IncomingMessage, onWait: OnWait, before: readonly Buffer[]) {
    super({ highWaterMark: maxKeptBytes });
    this.#req = req;
    this.#onWait = onWait;
    // The error is not lost: the delivery, which destroys the stream, already has it.
    this.on("error", () => {});
    for (const chunk of before) this.push(chunk);
  }

  override _read(): void {
    const req = this.#req;
    this.#onWait("body");
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
    if (this.push(chunk)) return;
    this.#req.pause();
    this.#onWait("idle");
  };

  readonly #onEnd = (): void => {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.push(null);
    this.#onWait("first-byte");
  };
}
