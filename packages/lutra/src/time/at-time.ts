import { maxTimerMs } from "./max-timer.ts";

/**
 * Calls a function at a time, in milliseconds since 1970, and soon for one that has passed. Does not
 * keep the process from exiting.
 *
 * @param timeMs Undefined for no time, so that nothing is called
 * @returns A function that cancels the call
 */
export function atTime(timeMs: number | undefined, callback: () => void): () => void {
  if (timeMs === undefined) return () => {};
  let timer: ReturnType<typeof setTimeout>;
  const arm = () => {
    const leftMs = timeMs - Date.now();
    // A timer has a longest delay, after which the rest is waited for.
    const isLast = leftMs <= maxTimerMs;
    timer = setTimeout(isLast ? callback : arm, Math.max(0, Math.min(leftMs, maxTimerMs)));
    if (typeof timer === "object") timer.unref?.();
  };
  arm();
  return () => clearTimeout(timer);
}
