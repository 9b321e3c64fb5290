/** The interfaces between a pool of connections and the carriers of exchanges. */
import type { Readable } from "node:stream";

/** A request to send. */
export interface WireRequest {
  /** The path and the query. */
  readonly path: string;
  readonly method: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body?: Uint8Array | string | Readable | null | undefined;
}

/** The receiver of one exchange. Its methods are called in this order; `onError` or `onComplete` is the last. */
export interface WireHandler {
  /** Called when the request is about to be sent. `abort` ends the exchange with `onError`. */
  readonly onConnect: (abort: (error: Error) => void) => void;
  /**
   * Called with the head of the response: names and values in turn, as they were received. Returning
   * false pauses the response until `resume` is called.
   */
  readonly onHeaders: (status: number, raw: readonly string[], resume: () => void) => boolean;
  /** Called with a part of the body. Returning false pauses the response. */
  readonly onData: (chunk: Buffer) => boolean;
  readonly onComplete: () => void;
  readonly onError: (error: Error) => void;
}

/** Sends requests to one replica. */
export interface WireDispatcher {
  readonly dispatch: (request: WireRequest, handler: WireHandler) => boolean;
}
