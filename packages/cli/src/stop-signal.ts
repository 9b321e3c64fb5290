import { outputClosed, unreadExitCode } from "./output.ts";

/** Ctrl-C, what service managers send, and what comes when a terminal is closed. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type StopSignal = (typeof signals)[number];

/** One Ctrl-C can arrive twice: from the terminal, and passed on by npm. In milliseconds. */
const sameKeyMs = 500;

/**
 * Resolves to the exit code at the first request to stop, so that what is in flight can be ended
 * properly: a signal, or that nobody reads the output any more. A second signal ends the process at
 * once. `means` leaves out signals that do not mean to stop.
 */
export function stopSignal(means: (signal: StopSignal) => boolean = () => true): Promise<number> {
  return new Promise((resolve) => {
    let since: number | undefined;
    const stop = (signal: StopSignal) => {
      if (!means(signal)) return;
      const time = performance.now();
      if (since !== undefined && time - since > sameKeyMs) process.exit(1);
      since ??= time;
      resolve(0);
    };
    for (const signal of signals) process.on(signal, stop);
    void outputClosed.then(() => resolve(unreadExitCode));
  });
}

/** Leaves it to the parent to say when to stop: Ctrl-C reaches all processes of a terminal. */
export function ignoreSignals(): void {
  for (const signal of signals) process.on(signal, () => {});
}
