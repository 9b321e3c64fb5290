/** Ctrl-C, and what service managers send. */
const signals = ["SIGINT", "SIGTERM"] as const;

/** One Ctrl-C can arrive twice: from the terminal, and passed on by npm. In milliseconds. */
const sameKeyMs = 500;

/**
 * Resolves at the first request to stop, so that what is in flight can be ended properly. The
 * second one ends the process at once.
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let since: number | undefined;
    const stop = () => {
      const time = performance.now();
      if (since !== undefined && time - since > sameKeyMs) process.exit(1);
      since ??= time;
      resolve();
    };
    for (const signal of signals) process.on(signal, stop);
  });
}

/** Leaves it to the parent to say when to stop: Ctrl-C reaches all processes of a terminal. */
export function ignoreSignals(): void {
  for (const signal of signals) process.on(signal, () => {});
}
