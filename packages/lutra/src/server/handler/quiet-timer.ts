/** Number of timers in a period. */
const ticks = 10;

/**
 * Calls a function after a period. The period is made of several timers, so that it does not end
 * at once when the process continues after a suspension, before it has handled pending events.
 */
export class QuietTimer {
  readonly #tickMs: number;
  readonly #onQuiet: () => void;
  #left = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number, onQuiet: () => void) {
    this.#tickMs = ms / ticks;
    this.#onQuiet = onQuiet;
  }

  /** Starts the period, unless it has begun. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#left = ticks;
    this.#wait();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    this.#timer = setTimeout(() => {
      this.#left -= 1;
      if (this.#left > 0) return this.#wait();
      this.#timer = undefined;
      this.#onQuiet();
    }, this.#tickMs);
  }
}
