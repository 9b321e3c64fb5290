import type { Middleware } from "../protocol/exchange.ts";
import { TransportError } from "../protocol/transport-error.ts";
import { within } from "../time/within.ts";

/**
 * Aborts a request that runs longer than `ms` milliseconds, and rejects it with a `TransportError`
 * of the reason `timeout`. Place it outside of middleware that retries to bound all attempts.
 *
 * @spec basic/patterns/cancellation#timeouts
 */
export function deadline(ms: number): Middleware {
  if (!(ms > 0)) throw new TypeError("deadline: expected a positive number of milliseconds");
  return (next) => (request, context) => {
    const tooLate = () =>
      new TransportError("timeout", `${request.method}: no result within ${ms} ms`);
    return within({ ms, tooLate }, (late) =>
      next(request, { ...context, signal: AbortSignal.any([context.signal, late]) }),
    );
  };
}
