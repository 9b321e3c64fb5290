/** Uses what is stale for some time while something newer is fetched. */
import type { RequestContext } from "../protocol/exchange.ts";
import type { Result } from "../protocol/json-rpc.ts";
import { TransportError } from "../protocol/transport-error.ts";
import { nameOf } from "../stores/response-lru.ts";
import { within } from "../time/within.ts";
import type { Sending } from "./sending.ts";

export interface RevalidationOptions {
  /** How long past its freshness a response is used while a new one is fetched, in milliseconds. */
  readonly maxMs: number;
  /** How long such a fetch may take, in milliseconds. @default 60000 */
  readonly timeoutMs?: number;
  /** Makes the context of such a fetch, which outlives its request. @default a copy */
  readonly contextOf?: (context: RequestContext) => RequestContext;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

export interface Revalidation {
  readonly maxMs: number;
  /** Fetches something newer for nobody in particular, once for equal requests at a time. */
  readonly start: (sending: Sending, send: (sending: Sending) => Promise<Result>) => void;
  /** Gives up what is under way. */
  readonly close: () => void;
}

/**
 * Makes the `revalidation` of `createCaching`. What it fetches ends neither with the request that
 * gave rise to it nor after its result; only `timeoutMs` and `close` bound it.
 */
export function createRevalidation(options: RevalidationOptions): Revalidation {
  const { maxMs, timeoutMs = 60_000, contextOf = (context) => context, onWarning } = options;
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
        .catch((error) => onWarning(`${request.method}: could not be renewed`, error))
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
