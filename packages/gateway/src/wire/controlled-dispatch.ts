/** Dispatches for handlers that use the controllers of undici, as the sender of messages does. */
import type { Readable } from "node:stream";
import { type Dispatcher, util } from "undici";
import type { WireDispatcher, WireHandler, WireRequest } from "./handler.ts";

/** Returns a dispatcher whose requests all have one path. */
export function controlledDispatcher(
  pool: WireDispatcher,
  path: string,
): Pick<Dispatcher, "dispatch"> {
  return {
    dispatch: (options, handler) =>
      pool.dispatch(wireRequest(options, path), new ControlledExchange(handler)),
  };
}

/** Returns the request of a sender, whose headers are names and values in turn. */
export function wireRequest(
  { method, headers, body }: Dispatcher.DispatchOptions,
  path: string,
): WireRequest {
  return {
    method,
    path,
    headers: headers as readonly string[],
    body: body as Uint8Array | string | Readable | null | undefined,
  };
}

/** Returns the headers of a response by their names in lower case. */
export function parseHeaders(raw: readonly string[]): ReturnType<typeof util.parseHeaders> {
  return util.parseHeaders([...raw]);
}

class ControlledExchange implements WireHandler, Dispatcher.DispatchController {
  aborted = false;
  paused = false;
  reason: Error | null = null;
  readonly #handler: Dispatcher.DispatchHandler;
  #abort: ((error: Error) => void) | undefined;
  #resume: (() => void) | undefined;

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler;
  }

  onConnect(abort: (error: Error) => void): void {
    this.#abort = abort;
    this.#handler.onRequestStart?.(this, undefined);
  }

  onHeaders(status: number, raw: readonly string[], resume: () => void): boolean {
    this.#resume = resume;
    this.#handler.onResponseStart?.(this, status, parseHeaders(raw));
    return !this.paused;
  }

  onData(chunk: Buffer): boolean {
    this.#handler.onResponseData?.(this, chunk);
    return !this.paused;
  }

  onComplete(): void {
    this.#handler.onResponseEnd?.(this, {});
  }

  onError(error: Error): void {
    this.#handler.onResponseError?.(this, error);
  }

  abort(error: Error): void {
    this.aborted = true;
    this.reason = error;
    this.#abort?.(error);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.#resume?.();
  }
}
