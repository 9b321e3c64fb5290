/** Resolves after `ms` milliseconds, or as soon as `signal` aborts. */
export type Timer = (ms: number, signal: AbortSignal) => Promise<void>;

/** Waits with `setTimeout`. The timer does not keep the process alive. */
export function waitWithTimer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    // In browsers a timer is a number.
    if (typeof timer === "object") timer.unref();
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
