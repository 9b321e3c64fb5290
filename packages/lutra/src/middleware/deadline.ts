import type { Middleware } from "../protocol/exchange.ts";
import { TransportError } from "../protocol/transport-error.ts";

/**
 * Aborts a request that runs longer than `ms` milliseconds, and rejects it with a `TransportError`
 * of the reason `timeout`. Put it outside of middleware that retries to bound all attempts.
 *
 * @spec basic/patterns/cancellation#timeouts
 */
export function deadline(ms: number): Middleware {
  if (!(ms > 0)) throw new TypeError("deadline: expected a positive number of milliseconds");
  return (next) => async (request, context) => {
    const late = new AbortController();
    const signal = AbortSignal.any([context.signal, late.signal]);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        late.abort();
        reject(new TransportError("timeout", `${request.method}: no result within ${ms} ms`));
      }, ms);
    });
    try {
      return await Promise.race([next(request, { ...context, signal }), timeout]);
    } finally {
      clearTimeout(timer);
    }
  };
}
