/** How much may be under way at one upstream, and how much more may wait for its turn. */
import type { UpstreamConfig } from "../config/schema.ts";
import type { Clock } from "../replicas/clock.ts";

/** Something that waits for its turn. */
export interface Waiter {
  /** It is in, and must call `leave` in the end. */
  readonly onTurn: () => void;
  /** It has waited for too long, and is out of the queue. */
  readonly onLate: () => void;
}

export type Entry = "entered" | "waiting" | "full";

export class Gate {
  /** How many are in. */
  inUse = 0;
  readonly #config: UpstreamConfig["concurrency"];
  readonly #clock: Clock;
  /** First in, first out, and cheap to leave from anywhere. The value is when patience ends. */
  readonly #queue = new Map<Waiter, number>();
  #isAdmitting = false;
  #stopTimer: (() => void) | undefined;

  constructor(config: UpstreamConfig["concurrency"], clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** Lets in at once, or puts into the queue, or does neither when that is full. */
  enter(waiter: Waiter): Entry {
    if (this.inUse < this.#config.max && this.#queue.size === 0) {
      this.inUse += 1;
      return "entered";
    }
    if (this.#queue.size >= this.#config.queue) return "full";
    this.#queue.set(waiter, this.#clock.now() + this.#config.queueMs);
    this.#startTimer();
    return "waiting";
  }

  /** Leaves the queue before its turn. */
  abandon(waiter: Waiter): void {
    this.#queue.delete(waiter);
    if (this.#queue.size === 0) this.#endTimer();
  }

  /** Makes room for the next one. */
  leave(): void {
    this.inUse -= 1;
    // Whoever gets its turn may leave before it returns; that must not nest ever deeper.
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    while (this.inUse < this.#config.max) {
      const [waiter] = this.#queue.keys();
      if (waiter === undefined) break;
      this.abandon(waiter);
      this.inUse += 1;
      waiter.onTurn();
    }
    this.#isAdmitting = false;
  }

  /** All wait equally long, so the first is the first whose patience ends. */
  #startTimer(): void {
    if (this.#stopTimer !== undefined) return;
    const [endsAt] = this.#queue.values();
    if (endsAt === undefined) return;
    this.#stopTimer = this.#clock.after(Math.max(0, endsAt - this.#clock.now()), () => {
      this.#stopTimer = undefined;
      this.#expire();
      this.#startTimer();
    });
  }

  #endTimer(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  #expire(): void {
    const now = this.#clock.now();
    for (const [waiter, endsAt] of this.#queue) {
      if (endsAt > now) return;
      this.#queue.delete(waiter);
      waiter.onLate();
    }
  }
}
