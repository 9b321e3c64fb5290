/** Failures that pass, such as a server whose store is away, are no answer about a task. */
import type { ClientHost } from "../../../client/extension.ts";
import { isProtocolError } from "../../../protocol/errors.ts";
import { isTransportError } from "../../../protocol/transport-error.ts";
import { backoffMs, delay } from "../../../time/backoff.ts";
import { pauseBefore } from "../../../time/retry-after.ts";

/** How often in a row a request may fail before that is an error. */
const maxFailures = 8;
const pace = { baseMs: 500, maxMs: 10_000 };

/** Sends a request that does no harm twice, again and again while its failure may pass. */
export async function untilPassed<T>(
  { options: { random } }: ClientHost,
  signal: AbortSignal,
  send: () => Promise<T>,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await send();
    } catch (error) {
      if (failures >= maxFailures || !isPassing(error)) throw error;
      await delay(pauseBefore(error, backoffMs(failures - 1, random, pace)), signal);
    }
  }
}

/** True for what may be better the next time: nothing of it is the task's. */
function isPassing(error: unknown): boolean {
  if (isProtocolError(error)) return error.reason === "internalError";
  if (!isTransportError(error)) return false;
  const { reason, status = 0 } = error;
  if (reason === "http") return status >= 500 || status === 429;
  return reason === "closed" || reason === "timeout";
}
