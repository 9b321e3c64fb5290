/**
 * One coarse timer for all exchanges of an upstream. Each exchange only writes a number, instead of
 * creating and clearing a timer of its own.
 */
import { type OpenEntry, OpenSet } from "lutra/internal";
import type { Clock } from "../replicas/clock.ts";

/** An exchange with a deadline. */
export interface Timed {
  /** The deadline on the clock; may change at any time, and may be infinite. */
  dueAt: number;
  /** Set while it is watched. */
  watched: OpenEntry<Timed> | undefined;
  /** Called once, up to two ticks after the deadline, when the exchange is no longer watched. */
  readonly onDue: () => void;
  /** Called when a replica does not answer its health checks. */
  readonly onSilent?: (replica: unknown, isConfirmed: boolean) => void;
}

export class Deadlines {
  /** The length of a tick, in milliseconds. */
  readonly tickMs: number;
  readonly #clock: Clock;
  readonly #watched = new OpenSet<Timed>();
  #now: number;
  #isTicking = false;

  /** The tick is a fifth of the shortest limit, at least 5 ms and at most 250 ms. */
  constructor(shortestMs: number, clock: Clock) {
    this.tickMs = Math.min(250, Math.max(5, Math.floor(shortestMs / 5)));
    this.#clock = clock;
    this.#now = clock.now();
  }

  /** Returns the value for `dueAt`: at least `ms` from now, at most one tick more. */
  in(ms: number): number {
    return this.#now + this.tickMs + ms;
  }

  /** Watches an exchange, unless it is watched already. Its `dueAt` is set afterwards. */
  add(timed: Timed): void {
    timed.watched ??= this.#watched.add(timed);
    if (this.#isTicking) return;
    this.#isTicking = true;
    this.#now = this.#clock.now();
    this.#clock.after(this.tickMs, this.#tick);
  }

  delete(timed: Timed): void {
    if (timed.watched === undefined) return;
    this.#watched.delete(timed.watched);
    timed.watched = undefined;
  }

  /** Notifies all exchanges of a replica that does not answer. */
  silent(replica: unknown, isConfirmed: boolean): void {
    for (const timed of this.#watched) timed.onSilent?.(replica, isConfirmed);
  }

  readonly #tick = (): void => {
    this.#now = this.#clock.now();
    for (const timed of this.#watched) {
      if (this.#now < timed.dueAt) continue;
      this.delete(timed);
      timed.onDue();
    }
    this.#isTicking = this.#watched.size > 0;
    if (this.#isTicking) this.#clock.after(this.tickMs, this.#tick);
  };
}
