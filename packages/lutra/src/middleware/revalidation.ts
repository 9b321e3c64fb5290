/** Uses stale responses for some time while new ones are fetched. */
import type { RequestContext } from "../protocol/exchange.ts";
import { isolate } from "../protocol/isolate.ts";
import type { Result } from "../protocol/json-rpc.ts";
import { TransportError } from "../protocol/transport-error.ts";
import { nameOf } from "../stores/response-lru.ts";
import { within } from "../time/within.ts";
import type { Sending } from "./sending.ts";

export interface RevalidationOptions {
  /**
   * Maximum time for which a stale response is used while a new one is fetched, in milliseconds.
   */
  readonly maxMs: number;
  /** Maximum time of such a fetch, in milliseconds. @default 60000 */
  readonly timeoutMs?: number;
  /**
   * Returns the context of such a fetch, which outlives its request. @default the request's context
   */
  readonly contextOf?: (context: RequestContext) => RequestContext;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

export interface Revalidation {
  readonly maxMs: number;
  /** Fetches a new response in the background. Equal requests share one fetch. */
  readonly start: (sending: Sending, send: (sending: Sending) => Promise<Result>) => void;
  /** Aborts all fetches. */
  readonly close: () => void;
}

/**
 * Creates the `revalidation` option of `createCaching`. A fetch continues when the request that
 * started it ends; only `timeoutMs` and `close` abort it.
 */
export function createRevalidation(options: RevalidationOptions): Revalidation {
  const { maxMs, timeoutMs = 60_000, contextOf = (context) => context } = options;
  const onWarning = isolate(options.onWarning);
  const running = new Map<string, AbortController>();
  return {
    maxMs,
    start: (sending, send) => {
      const { keys, request } = sending;
      const name = nameOf(keys.private ?? keys.public);
      if (running.has(name)) return;
      const controller = new AbortController();
      running.set(name, controller);
      const tooLate = () => lateError(timeoutMs);
      within({ signal: controller.signal, ms: timeoutMs, tooLate }, (signal) => {
        const own = { signal, notify: () => {} };
        return send({ ...sending, context: { ...contextOf(sending.context), ...own } });
      })
        .catch((error) =>
          onWarning(`${request.method}: a stale response could not be renewed`, error),
        )
        .finally(() => running.delete(name));
    },
    close: () => {
      const closed = new TransportError("closed", "The cache was closed");
      for (const controller of running.values()) controller.abort(closed);
    },
  };
}

function lateError(timeoutMs: number): TransportError {
  return new TransportError("timeout", `no result within ${timeoutMs} ms`);
}
