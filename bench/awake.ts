/**
 * Keeps this process from sleeping while it waits for responses. Waking a sleeping process costs the
 * process that writes to it 7 to 12 µs per request on virtual machines, and more after a longer
 * sleep. Without this, a server would pay for the load generator, and a slow server would pay more.
 */

/** Duration of an empty turn of the event loop, in milliseconds; measured once. */
let emptyTurnMs: Promise<number> | undefined;

/** Duration of that measurement, in milliseconds. */
const calibrationMs = 50;

/** The outcome of `work`, and the share of its time in which the process was busy. */
export async function awake<T>(work: () => Promise<T>): Promise<readonly [T, busyShare: number]> {
  emptyTurnMs ??= measureEmptyTurn();
  const perTurnMs = await emptyTurnMs;
  const turns = new Turns();
  const start = performance.now();
  try {
    const outcome = await work();
    const ms = performance.now() - start;
    return [outcome, Math.max(0, 1 - (turns.count * perTurnMs) / ms)];
  } finally {
    turns.stop();
  }
}

async function measureEmptyTurn(): Promise<number> {
  const turns = new Turns();
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, calibrationMs));
  turns.stop();
  return (performance.now() - start) / turns.count;
}

/** Turns the event loop continuously and counts the turns. */
class Turns {
  count = 0;
  #isOver = false;

  constructor() {
    const turn = () => {
      if (this.#isOver) return;
      this.count += 1;
      setImmediate(turn);
    };
    turn();
  }

  stop(): void {
    this.#isOver = true;
  }
}
