export interface TimerOptions {
  /** True when the process stays alive during the wait. @default false */
  readonly keepsAlive?: boolean;
}

/** Resolves after `ms` milliseconds, or as soon as `signal` aborts. */
export type Timer = (ms: number, signal: AbortSignal, options?: TimerOptions) => Promise<void>;

/** Waits with `setTimeout`. */
export function waitWithTimer(
  ms: number,
  signal: AbortSignal,
  { keepsAlive = false }: TimerOptions = {},
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    // In browsers a timer is a number.
    if (!keepsAlive && typeof timer === "object") timer.unref();
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}
