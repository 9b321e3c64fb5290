/** Number of timers in a period. */
const ticks = 10;

/**
 * Calls a function after a period. One long timer would fire as soon as a suspended process
 * continues, before the process has handled pending events. So the period consists of several
 * short timers, of which a suspension ends only one.
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
