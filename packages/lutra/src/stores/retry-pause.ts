import { backoffMs } from "../time/backoff.ts";

const pace = { baseMs: 1000, maxMs: 60_000 } as const;

/**
 * Returns the pause before a task runs again after `rejections` rejected attempts in a row, in
 * milliseconds: one second, doubled each time, up to a minute.
 */
export function retryPauseMs(rejections: number): number {
  return backoffMs(rejections - 1, () => 0, pace);
}
