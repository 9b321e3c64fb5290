/** The body of a request on its way to a replica. */
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

/** The most of a body that is remembered for another try or a copy, in bytes. */
export const maxKeptBytes = 65_536;

/** Whether a body follows the head. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers["content-length"];
  return headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

/**
 * Calls back with the body if it comes in one piece, and with nothing if it must be streamed. Nearly
 * every request does come in one piece, and one buffer costs far less than a stream.
 */
export function awaitBody(req: IncomingMessage, onBody: (body: Buffer | undefined) => void): void {
  // The parser has more to say when the head has been handled.
  process.nextTick(lookOnce, req, onBody);
}

type OnBody = Parameters<typeof awaitBody>[1];

function lookOnce(req: IncomingMessage, onBody: OnBody): void {
  if (isHere(req)) onBody(take(req));
  // Some clients send head and body one after the other.
  else if (req.readableLength === 0 && !req.destroyed) {
    req.once("readable", () => setImmediate(lookAgain, req, onBody));
  } else setImmediate(lookAgain, req, onBody);
}

function lookAgain(req: IncomingMessage, onBody: OnBody): void {
  onBody(isHere(req) ? take(req) : undefined);
}

/** The parser knows of the end of a body a moment after its last byte. */
function isHere(req: IncomingMessage): boolean {
  return req.complete || req.readableLength === Number(req.headers["content-length"]);
}

function take(req: IncomingMessage): Buffer {
  const body: Buffer | null = req.read();
  return body ?? Buffer.alloc(0);
}

export interface BodyStreamOptions {
  /** Whether what passes is remembered, as far as it is not too long. */
  readonly isKept: boolean;
  /** Hears whether the stream now waits for the replica, for the client, or for neither. */
  readonly onWait: (whom: "replica" | "client" | "nobody") => void;
  /** Hears of the whole body, if it was remembered. */
  readonly onKept?: ((body: Buffer) => void) | undefined;
}

/**
 * A body that is still arriving. It is a stream of its own, since undici destroys its source when
 * the answer comes early, and that must not be the connection on which the answer goes back.
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
    // Whoever breaks it off already knows why.
    this.on("error", () => {});
    for (const chunk of before) this.#pass(chunk);
  }

  /**
   * The same body from its start, after this stream was broken off; `undefined` where not all of it
   * is remembered.
   */
  again(): BodyStream | undefined {
    if (this.#kept === undefined) return undefined;
    this.destroy();
    return new BodyStream(this.#req, this.#options, this.#kept);
  }

  override _read(): void {
    const req = this.#req;
    this.#options.onWait("client");
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
    this.#options.onWait("replica");
  };

  readonly #onEnd = (): void => {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { onWait, onKept } = this.#options;
    this.push(null);
    onWait("nobody");
    if (this.#kept !== undefined) onKept?.(Buffer.concat(this.#kept));
  };

  #pass(chunk: Buffer): boolean {
    this.#keptBytes += chunk.length;
    if (this.#keptBytes > maxKeptBytes) this.#kept = undefined;
    this.#kept?.push(chunk);
    return this.push(chunk);
  }
}
