/** The time limits of the phases of a delivery. */
import type { UpstreamConfig } from "../config/schema.ts";

/** In milliseconds; infinite if there is no limit. */
export type TimeLimits = Pick<UpstreamConfig["timeouts"], "firstByteMs" | "idleMs" | "totalMs">;

/** The part of a delivery that a time limit applies to. In `body`, the client is too slow. */
export type Phase = "connect" | "body" | "first-byte" | "idle" | "total";

/**
 * Returns the limits of a request. A response that stays open may be silent for as long as nothing
 * happens, so only its first byte has a limit.
 */
export function limitsOf(timeouts: TimeLimits, isLongLived: boolean): TimeLimits {
  if (!isLongLived) return timeouts;
  const never = Number.POSITIVE_INFINITY;
  return { firstByteMs: timeouts.firstByteMs, idleMs: never, totalMs: never };
}

/** Returns the shortest limit, which determines the tick of the timer. */
export function shortestOf({ firstByteMs, idleMs, totalMs }: TimeLimits): number {
  return Math.min(firstByteMs, idleMs, totalMs);
}
