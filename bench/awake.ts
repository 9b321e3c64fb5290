/**
 * Keeps this process from sleeping while it waits for answers. To wake a process that sleeps is work
 * of whoever writes to it, 7 to 12 µs a request on virtual machines, and the more the longer it has
 * slept: a server would pay for the load generator, and a slower one would pay more.
 */

/** What an empty turn of the event loop takes, in milliseconds; measured once. */
let emptyTurnMs: Promise<number> | undefined;

/** How long is measured for it, in milliseconds. */
const calibrationMs = 50;

/** The outcome of `work`, and the share of its time in which there was something to do. */
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

/** Turns the event loop over and over, and counts. */
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
