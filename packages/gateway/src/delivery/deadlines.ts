/**
 * One coarse timer for all exchanges of an upstream: a number is written where a timer of its own
 * would have to be made and cleared for each.
 */
import type { Clock } from "../replicas/clock.ts";

/** An exchange that must not wait for ever. */
export interface Timed {
  /** When its patience ends, by the clock; may change at any time, and may be infinite. */
  dueAt: number;
  /** Runs at most once after that time, up to two ticks late. It must take itself out. */
  readonly onDue: (now: number) => void;
}

export class Deadlines {
  /** How long a tick is, in milliseconds. */
  readonly tickMs: number;
  readonly #clock: Clock;
  readonly #waiting = new Set<Timed>();
  #now: number;
  #isTicking = false;

  /** A fifth of the shortest time is as exact as anyone needs, and four looks a second are cheap. */
  constructor(shortestMs: number, clock: Clock) {
    this.tickMs = Math.min(250, Math.max(5, Math.floor(shortestMs / 5)));
    this.#clock = clock;
    this.#now = clock.now();
  }

  /** What to write into `dueAt`: at least `ms` from now, at most a tick more. */
  in(ms: number): number {
    return this.#now + this.tickMs + ms;
  }

  /** Watches over one that is not watched yet. Its `dueAt` is set afterwards. */
  add(timed: Timed): void {
    this.#waiting.add(timed);
    if (this.#isTicking) return;
    this.#isTicking = true;
    this.#now = this.#clock.now();
    this.#clock.after(this.tickMs, this.#tick);
  }

  delete(timed: Timed): void {
    this.#waiting.delete(timed);
  }

  readonly #tick = (): void => {
    const now = this.#clock.now();
    this.#now = now;
    for (const timed of this.#waiting) if (now >= timed.dueAt) timed.onDue(now);
    this.#isTicking = this.#waiting.size > 0;
    if (this.#isTicking) this.#clock.after(this.tickMs, this.#tick);
  };
}
