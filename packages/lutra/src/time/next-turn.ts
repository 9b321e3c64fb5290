interface Turns {
  readonly setImmediate?: (run: () => void) => unknown;
}

/** Calls `run` in a later turn of the event loop, when all microtasks have ended. */
export function inNextTurn(run: () => void): void {
  const { setImmediate: immediately } = globalThis as Turns;
  if (immediately !== undefined) immediately(run);
  else setTimeout(run, 0);
}
