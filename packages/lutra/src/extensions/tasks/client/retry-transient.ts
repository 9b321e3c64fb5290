/** Sends a request again while it fails for reasons that have nothing to do with the request. */
import { isTransient } from "../../../protocol/transient.ts";
import { backoffMs, delay } from "../../../time/backoff.ts";
import { pauseBefore } from "../../../time/retry-after.ts";

export interface RetryOptions {
  readonly signal: AbortSignal;
  readonly random: () => number;
  /** Number of failures in a row after which the last one is thrown. @default 8 */
  readonly maxFailures?: number | undefined;
}

const pace = { baseMs: 500, maxMs: 10_000 };

/**
 * Sends until an attempt succeeds, and pauses between attempts for at least as long as the server
 * asks. The request must be safe to repeat.
 */
export async function retryTransient<T>(
  { signal, random, maxFailures = 8 }: RetryOptions,
  send: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await send();
    } catch (error) {
      if (failures >= maxFailures || !isTransient(error)) throw error;
      await delay(pauseBefore(error, backoffMs(failures - 1, random, pace)), signal);
    }
  }
}
