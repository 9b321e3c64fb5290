/**
 * The sessions with one legacy upstream. A session belongs to one caller with one set of
 * capabilities. It ends when nothing has used it for a time, and never while a call is in progress or
 * waits for input.
 */
import { randomId } from "lutra/server";
import { UpstreamError } from "../delivery/upstream-error.ts";
import type { Clock } from "../replicas/clock.ts";

/** A session, as far as the pool needs to know it. */
export interface Closable {
  readonly close: () => Promise<void>;
}

export interface SessionPoolOptions {
  /** The name of the upstream. */
  readonly name: string;
  /** Maximum number of sessions. */
  readonly max: number;
  /** Maximum number of sessions of one caller. */
  readonly maxPerCaller: number;
  /** Time after which an unused session ends, in milliseconds. */
  readonly idleMs: number;
  /** Maximum time that a call waits for input, in milliseconds. */
  readonly inputWaitMs: number;
  readonly clock: Clock;
}

/** The owner of a session. */
export interface SessionOwner {
  readonly caller: string;
  /** Distinguishes the sessions of the caller. */
  readonly variant: string;
  /** True for the gateway itself, and callers that nothing distinguishes from it. Does not count. */
  readonly isGateway: boolean;
}

/** Maximum time between two searches for unused sessions, in milliseconds. */
const maxSweepMs = 30_000;
const retryAfterMs = 1000;

export class SessionPool<S extends Closable> {
  readonly #options: SessionPoolOptions;
  /** The sessions by their owners, the least recently used first. */
  readonly #byOwner = new Map<string, PooledSession<S>>();
  /** Includes sessions that another one has replaced, while their calls are in progress. */
  readonly #byId = new Map<string, PooledSession<S>>();
  #stopTimer: (() => void) | undefined;
  #isClosed = false;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** True while a call waits for input of its caller. */
  get isHolding(): boolean {
    return [...this.#byId.values()].some(({ isHolding }) => isHolding);
  }

  /** Returns the session of an owner, if there is one. */
  find(owner: SessionOwner): PooledSession<S> | undefined {
    return this.#byOwner.get(keyOf(owner));
  }

  /** Returns a session by its id, also one that another has replaced. */
  byId(id: string): PooledSession<S> | undefined {
    return this.#byId.get(id);
  }

  /**
   * Returns the session of an owner. Opens one if there is none.
   *
   * @throws {UpstreamError} `unavailable` when all sessions are in use
   */
  enter(owner: SessionOwner, open: () => S): PooledSession<S> {
    const key = keyOf(owner);
    const found = this.#byOwner.get(key);
    if (found !== undefined) {
      this.#byOwner.delete(key);
      this.#byOwner.set(key, found);
      return found;
    }
    this.#makeRoom(owner);
    const session = new PooledSession(owner, open(), this.#options);
    this.#byOwner.set(key, session);
    this.#byId.set(session.id, session);
    this.#schedule();
    return session;
  }

  /** Retires a session, which no further call gets. It ends once those in progress have ended. */
  retire(session: PooledSession<S>): void {
    const key = keyOf(session.owner);
    if (this.#byOwner.get(key) === session) this.#byOwner.delete(key);
    session.isRetired = true;
    if (!session.isBusy) this.#end(session);
  }

  /** Ends all sessions. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopTimer?.();
    const sessions = [...this.#byId.values()];
    this.#byId.clear();
    this.#byOwner.clear();
    await Promise.all(sessions.map(({ session }) => session.close().catch(() => {})));
  }

  #makeRoom({ caller, isGateway }: SessionOwner): void {
    if (isGateway) return;
    const { name, max, maxPerCaller } = this.#options;
    const counted = [...this.#byId.values()].filter(({ owner }) => !owner.isGateway);
    const own = counted.filter(({ owner }) => owner.caller === caller);
    if (own.length >= maxPerCaller && !this.#endUnused(own)) {
      const ofCaller = `The caller uses ${own.length} sessions with the upstream, the maximum`;
      throw new UpstreamError("unavailable", name, ofCaller, { retryAfterMs });
    }
    const isFull = counted.filter(({ id }) => this.#byId.has(id)).length >= max;
    if (isFull && !this.#endUnused(counted)) {
      const message = "All sessions with the upstream are in use";
      throw new UpstreamError("unavailable", name, message, { retryAfterMs });
    }
  }

  /** Ends the session of several that was unused for the longest time. */
  #endUnused(sessions: Iterable<PooledSession<S>>): boolean {
    let oldest: PooledSession<S> | undefined;
    for (const one of sessions) {
      if (!one.isBusy && (oldest === undefined || one.usedAt < oldest.usedAt)) oldest = one;
    }
    if (oldest !== undefined) this.#end(oldest);
    return oldest !== undefined;
  }

  #end(session: PooledSession<S>): void {
    const key = keyOf(session.owner);
    if (this.#byOwner.get(key) === session) this.#byOwner.delete(key);
    this.#byId.delete(session.id);
    session.session.close().catch(() => {});
  }

  #schedule(): void {
    if (this.#stopTimer !== undefined || this.#isClosed || this.size === 0) return;
    const { clock, idleMs } = this.#options;
    this.#stopTimer = clock.after(Math.min(idleMs, maxSweepMs), () => {
      this.#stopTimer = undefined;
      this.#sweep();
      this.#schedule();
    });
  }

  #sweep(): void {
    const { clock, idleMs } = this.#options;
    for (const one of [...this.#byId.values()]) {
      const isUnused = one.isRetired || clock.now() - one.usedAt >= idleMs;
      if (isUnused && !one.isBusy) this.#end(one);
    }
  }
}

type SessionUse = Pick<SessionPoolOptions, "clock" | "inputWaitMs">;

/** A session in the pool, with its use. */
export class PooledSession<S> {
  /** Unguessable. Part of the sealed state of its parked calls. */
  readonly id: string = randomId();
  readonly owner: SessionOwner;
  readonly session: S;
  isRetired = false;
  usedAt: number;
  readonly #clock: Clock;
  readonly #inputWaitMs: number;
  #inUse = 0;
  /** The times at which parked calls expire, by their states. */
  readonly #parked = new Map<string, number>();

  constructor(owner: SessionOwner, session: S, { clock, inputWaitMs }: SessionUse) {
    this.owner = owner;
    this.session = session;
    this.#clock = clock;
    this.#inputWaitMs = inputWaitMs;
    this.usedAt = clock.now();
  }

  /** True while a call is in progress, or waits for input of its caller. */
  get isBusy(): boolean {
    return this.#inUse > 0 || this.isHolding;
  }

  /** True while a call waits for input of its caller. */
  get isHolding(): boolean {
    const now = this.#clock.now();
    for (const [state, endsAt] of this.#parked) if (endsAt <= now) this.#parked.delete(state);
    return this.#parked.size > 0;
  }

  /** Counts a call until it has settled. */
  async use<T>(call: () => Promise<T>): Promise<T> {
    const leave = this.begin();
    try {
      return await call();
    } finally {
      leave();
    }
  }

  /** Counts a call until the returned function is called. */
  begin(): () => void {
    let isOver = false;
    this.#inUse += 1;
    return () => {
      if (isOver) return;
      isOver = true;
      this.#inUse -= 1;
      this.usedAt = this.#clock.now();
    };
  }

  /** Records that a call waits for input. */
  park(state: string): void {
    this.#parked.set(state, this.#clock.now() + this.#inputWaitMs);
  }

  /** Returns true for the state of a parked call, which then no longer counts as parked. */
  take(state: string): boolean {
    return this.#parked.delete(state);
  }
}

function keyOf({ caller, variant }: SessionOwner): string {
  return JSON.stringify([caller, variant]);
}
