import { outputClosed, unreadExitCode } from "./output.ts";

/** Ctrl-C, the signal of service managers, and the signal of a closed terminal. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type StopSignal = (typeof signals)[number];

/**
 * Time during which a repeated signal is ignored, in milliseconds. One Ctrl-C can arrive twice: from
 * the terminal, and forwarded by npm.
 */
const sameKeyMs = 500;

const handlers = new Set<(signal: StopSignal) => void>();

/**
 * Resolves to the exit code at the first request to stop: a signal, or closed output. The caller then
 * shuts down gracefully. A second signal ends the process at once. `isStop` returns false for signals
 * that have another meaning. Signals are handled until `releaseSignals` is called.
 */
export function stopSignal(isStop: (signal: StopSignal) => boolean = () => true): Promise<number> {
  return new Promise((resolve) => {
    let since: number | undefined;
    const stop = (signal: StopSignal) => {
      if (!isStop(signal)) return;
      const time = performance.now();
      if (since !== undefined && time - since > sameKeyMs) process.exit(1);
      since ??= time;
      resolve(0);
    };
    for (const signal of signals) process.on(signal, stop);
    handlers.add(stop);
    void outputClosed.then(() => resolve(unreadExitCode));
  });
}

/** Restores the default effect of signals, after a command has ended. */
export function releaseSignals(): void {
  for (const stop of handlers) for (const signal of signals) process.off(signal, stop);
  handlers.clear();
}

/** Ignores stop signals. Ctrl-C reaches all processes of a terminal, but the parent stops this one. */
export function ignoreSignals(): void {
  for (const signal of signals) process.on(signal, () => {});
}
