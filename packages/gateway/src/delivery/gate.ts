/** Limits the requests in flight at one upstream, and queues further requests. */
import { type OpenEntry, OpenSet } from "lutra/internal";
import type { UpstreamConfig } from "../config/schema.ts";
import type { Clock } from "../replicas/clock.ts";

/** A request that waits for a slot. */
export interface Waiter {
  /** Set while it is in the queue. */
  queued: OpenEntry<QueuedWaiter> | undefined;
  /** Called when the request gets a slot, which `leave` must release. */
  readonly onTurn: () => void;
  /** Called when the request has waited too long and was removed from the queue. */
  readonly onTimeout: () => void;
}

export interface QueuedWaiter {
  readonly waiter: Waiter;
  /** The end of its wait, on the clock. */
  readonly endsAt: number;
}

export type Entry = "entered" | "waiting" | "full";

export class Gate {
  /** Number of slots in use. */
  inUse = 0;
  readonly #config: UpstreamConfig["concurrency"];
  readonly #clock: Clock;
  /** In order of arrival. */
  readonly #queue = new OpenSet<QueuedWaiter>();
  #isAdmitting = false;
  #stopTimer: (() => void) | undefined;

  constructor(config: UpstreamConfig["concurrency"], clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  get queued(): number {
    return this.#queue.size;
  }

  /** Takes a slot, or enters the queue; returns `full` when neither is possible. */
  enter(waiter: Waiter): Entry {
    if (this.inUse < this.#config.max && this.#queue.size === 0) {
      this.inUse += 1;
      return "entered";
    }
    if (this.#queue.size >= this.#config.queue) return "full";
    waiter.queued = this.#queue.add({ waiter, endsAt: this.#clock.now() + this.#config.queueMs });
    this.#startTimer();
    return "waiting";
  }

  /** Leaves the queue without a slot. */
  abandon(waiter: Waiter): void {
    this.#remove(waiter);
    if (this.#queue.size === 0) this.#endTimer();
  }

  /** Releases a slot and gives it to the first request in the queue. */
  leave(): void {
    this.inUse -= 1;
    // `onTurn` may call `leave` before it returns. The loop below then admits the next request.
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    while (this.inUse < this.#config.max) {
      const waiter = this.#queue.first?.waiter;
      if (waiter === undefined) break;
      this.abandon(waiter);
      this.inUse += 1;
      waiter.onTurn();
    }
    this.#isAdmitting = false;
  }

  /** Starts the timer for the first request. All wait equally long, so its deadline is next. */
  #startTimer(): void {
    if (this.#stopTimer !== undefined) return;
    const endsAt = this.#queue.first?.endsAt;
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
    for (;;) {
      const { first } = this.#queue;
      if (first === undefined || first.endsAt > now) return;
      this.#remove(first.waiter);
      first.waiter.onTimeout();
    }
  }

  #remove(waiter: Waiter): void {
    if (waiter.queued !== undefined) this.#queue.delete(waiter.queued);
    waiter.queued = undefined;
  }
}
