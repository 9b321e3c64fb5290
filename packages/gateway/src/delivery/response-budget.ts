/**
 * One limit for the memory of all responses that the gateway reads or that their clients have not
 * taken yet. A response over the limit waits: nothing more is read from its upstream.
 */
import type { ServerResponse } from "node:http";
import type { Clock } from "../replicas/clock.ts";

export interface ResponseLimits {
  /** Memory of all responses, in bytes. */
  readonly maxBytes: number;
  /** Time that a response may wait for memory, in milliseconds. */
  readonly waitMs: number;
}

/** Size up to which a response is not counted, in bytes. It never waits. */
export const freeBytes = 65_536;
/** Time without progress after which a client may be disconnected while others wait, in milliseconds. */
const stallMs = 5000;
/** Interval of the checks of responses that wait or are not taken, in milliseconds. */
const tickMs = 250;

interface Waiter {
  readonly share: Share;
  readonly bytes: number;
  readonly endsAt: number;
  readonly settle: (isGranted: boolean) => void;
}

/** A response that was handed to the connection of its client. */
interface Unread {
  readonly res: ServerResponse;
  /** A number that changes whenever data is sent. */
  mark: string;
  since: number;
}

export class ResponseBudget {
  /** The bytes that all shares hold. */
  inUse = 0;
  /** Number of responses that were refused because they had waited too long. */
  refused = 0;
  #limits: ResponseLimits;
  readonly #clock: Clock;
  /** The oldest share first, so that responses that have begun also end. */
  readonly #waiting: Waiter[] = [];
  readonly #unread = new Map<Share, Unread>();
  /** The share that may exceed the limit, so that shares that wait for each other make progress. */
  #exempt: Share | undefined;
  #shares = 0;
  #stopTimer: (() => void) | undefined;

  constructor(limits: ResponseLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get maxBytes(): number {
    return this.#limits.maxBytes;
  }

  /** Number of responses that wait for memory. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Applies the limits of another configuration. */
  configure(limits: ResponseLimits): void {
    this.#limits = limits;
    this.#admit();
  }

  /** Creates the share of a response, which is empty at first. */
  share(): Share {
    this.#shares += 1;
    return new Share(this, this.#shares);
  }

  /**
   * Enlarges a share. Returns undefined if there is room; otherwise a promise of whether there was,
   * before the time limit.
   */
  grow(share: Share, bytes: number): Promise<boolean> | undefined {
    const mayPass = this.#exempt === share || this.#waiting.length === 0;
    if (mayPass && this.#fits(share, bytes)) {
      this.#take(share, bytes);
      return undefined;
    }
    return new Promise((settle) => {
      const endsAt = this.#clock.now() + this.#limits.waitMs;
      const at = this.#waiting.findIndex((other) => other.share.order > share.order);
      const waiter = { share, bytes, endsAt, settle };
      this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, waiter);
      this.#admit();
      this.#watch();
    });
  }

  /** Counts what the client has not taken, until its connection closes. */
  keep(share: Share, res: ServerResponse): void {
    this.#unread.set(share, { res, mark: markOf(res), since: this.#clock.now() });
    this.shrink(share, res.writableLength);
  }

  /** Returns memory, which others may wait for. */
  shrink(share: Share, bytes: number): void {
    this.inUse += bytes - share.bytes;
    share.bytes = bytes;
    this.#admit();
  }

  release(share: Share): void {
    this.#unread.delete(share);
    if (this.#exempt === share) this.#exempt = undefined;
    for (const waiter of this.#waiting.filter((one) => one.share === share)) {
      this.#leave(waiter, true);
    }
    this.shrink(share, 0);
  }

  #fits(share: Share, bytes: number): boolean {
    if (this.inUse + bytes - share.bytes <= this.#limits.maxBytes) return true;
    if (this.#mayReplaceExempt(share)) this.#exempt = share;
    return this.#exempt === share;
  }

  /**
   * Returns true if a share may exceed the limit from now on. One that waits for its client grows no more,
   * and its client may be slow, so it leaves the exception to one that others may wait for.
   */
  #mayReplaceExempt(share: Share): boolean {
    if (this.#exempt === undefined) return true;
    const isFree = this.#unread.has(this.#exempt) && this.inUse <= this.#limits.maxBytes;
    return isFree && share.bytes > 0;
  }

  #take(share: Share, bytes: number): void {
    this.inUse += bytes - share.bytes;
    share.bytes = bytes;
  }

  #admit(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || !this.#fits(first.share, first.bytes)) return;
      this.#take(first.share, first.bytes);
      this.#leave(first, true);
    }
  }

  #leave(waiter: Waiter, isGranted: boolean): void {
    const at = this.#waiting.indexOf(waiter);
    if (at >= 0) this.#waiting.splice(at, 1);
    waiter.settle(isGranted);
  }

  #watch(): void {
    if (this.#stopTimer !== undefined || this.#waiting.length === 0) return;
    this.#stopTimer = this.#clock.after(tickMs, () => {
      this.#stopTimer = undefined;
      this.#closeUnread();
      this.#expire();
      this.#watch();
    });
  }

  /** Closes connections whose clients read nothing while others wait. */
  #closeUnread(): void {
    const now = this.#clock.now();
    let missing = this.#waiting.reduce((sum, { share, bytes }) => sum + bytes - share.bytes, 0);
    for (const [share, unread] of [...this.#unread]) {
      const mark = markOf(unread.res);
      if (mark !== unread.mark) Object.assign(unread, { mark, since: now });
      else if (missing > 0 && now - unread.since >= Math.min(stallMs, this.#limits.waitMs / 2)) {
        missing -= share.bytes;
        unread.res.destroy();
      }
    }
  }

  #expire(): void {
    const now = this.#clock.now();
    for (const waiter of this.#waiting.filter(({ endsAt }) => endsAt <= now)) {
      this.refused += 1;
      this.#leave(waiter, false);
    }
  }
}

/** The memory that one response holds. */
export class Share {
  bytes = 0;
  /** The number of the share, by age. */
  readonly order: number;
  readonly #budget: ResponseBudget;

  constructor(budget: ResponseBudget, order: number) {
    this.order = order;
    this.#budget = budget;
  }

  /**
   * Enlarges the share for a response that has this size so far. Unless its whole size is known, it is given
   * twice as much, so that it rarely asks again. Returns as `grow` does.
   */
  fit(bytes: number, wholeBytes: number | undefined): Promise<boolean> | undefined {
    if (bytes <= this.bytes) return undefined;
    const isKnown = wholeBytes !== undefined && wholeBytes >= bytes;
    return this.#budget.grow(this, isKnown ? wholeBytes : bytes * 2);
  }

  /** Leaves the response to a connection, which holds what its client has not taken. */
  keep(res: ServerResponse): void {
    this.#budget.keep(this, res);
  }

  /** Returns all memory. */
  release(): void {
    this.#budget.release(this);
  }
}

/** Returns a text that changes whenever the client takes data. */
function markOf({ socket, writableLength }: ServerResponse): string {
  // A large chunk is sent in parts, of which only the handle keeps count.
  const { _handle: handle } = (socket ?? {}) as {
    _handle?: { readonly writeQueueSize?: number } | undefined;
  };
  return `${writableLength} ${handle?.writeQueueSize}`;
}
