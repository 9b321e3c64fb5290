/**
 * One limit for the memory of all responses that the gateway reads or that their clients have not
 * taken yet. A response over the limit waits: nothing more is read from its upstream.
 *
 * Responses wait in the order in which they began, and none passes a larger one that waits. So that small
 * ones need not wait for large ones either, a further part of the memory is for small ones alone.
 */
import type { ServerResponse } from "node:http";
import type { Clock } from "../replicas/clock.ts";
import { UnreadClients } from "./unread-clients.ts";

export interface ResponseLimits {
  /** Memory of all responses, in bytes. */
  readonly maxBytes: number;
  /** Time that a response may wait for memory, in milliseconds. */
  readonly waitMs: number;
}

/** Size up to which a response is not counted, in bytes. It never waits. */
export const freeBytes = 65_536;
/** Divides the limit into the memory for small responses alone, which is beside it. */
const smallDivisor = 8;
/** Divides the limit into the maximum size of a small response. */
const smallSizeDivisor = 64;
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

export class ResponseBudget {
  /** Number of responses that were refused because they had waited too long. */
  refused = 0;
  #limits: ResponseLimits;
  readonly #clock: Clock;
  /** The bytes that all shares hold, by the part of the memory. */
  readonly #inUse = { common: 0, small: 0 };
  /** The oldest share first, so that responses that have begun also end. */
  readonly #waiting: Waiter[] = [];
  readonly #unread = new UnreadClients<Share>();
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

  /** The bytes that all shares hold. */
  get inUse(): number {
    return this.#inUse.common + this.#inUse.small;
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
    if ((mayPass && this.#takeCommon(share, bytes)) || this.#takeSmall(share, bytes)) {
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
    this.#unread.add(share, res, this.#clock.now());
    this.shrink(share, res.writableLength);
  }

  /** Returns memory, which others may wait for. */
  shrink(share: Share, bytes: number): void {
    this.#set(share, bytes, share.part);
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

  #takeCommon(share: Share, bytes: number): boolean {
    const held = share.part === "common" ? share.bytes : 0;
    const fits = this.#inUse.common + bytes - held <= this.#limits.maxBytes;
    if (!fits && this.#mayReplaceExempt(share)) this.#exempt = share;
    if (!fits && this.#exempt !== share) return false;
    this.#set(share, bytes, "common");
    return true;
  }

  #takeSmall(share: Share, bytes: number): boolean {
    const { maxBytes } = this.#limits;
    const held = share.part === "small" ? share.bytes : 0;
    if (bytes > maxBytes / smallSizeDivisor) return false;
    if (this.#inUse.small + bytes - held > maxBytes / smallDivisor) return false;
    this.#set(share, bytes, "small");
    return true;
  }

  /** Moves a share to a part of the memory, with another size. */
  #set(share: Share, bytes: number, part: Share["part"]): void {
    this.#inUse[share.part] -= share.bytes;
    this.#inUse[part] += bytes;
    share.bytes = bytes;
    share.part = part;
  }

  /**
   * Returns true if a share may exceed the limit from now on. One that waits for its client grows no more,
   * and its client may be slow, so it leaves the exception to one that others may wait for.
   */
  #mayReplaceExempt(share: Share): boolean {
    if (this.#exempt === undefined) return true;
    const isFree = this.#unread.has(this.#exempt) && this.#inUse.common <= this.#limits.maxBytes;
    return isFree && share.bytes > 0;
  }

  #admit(): void {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || !this.#takeCommon(first.share, first.bytes)) break;
      this.#leave(first, true);
    }
    for (const waiter of [...this.#waiting]) {
      if (this.#takeSmall(waiter.share, waiter.bytes)) this.#leave(waiter, true);
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
      const missing = this.#waiting.reduce((sum, { share, bytes }) => sum + bytes - share.bytes, 0);
      const waitMs = Math.min(stallMs, this.#limits.waitMs / 2);
      this.#unread.disconnect(missing, this.#clock.now(), waitMs);
      this.#expire();
      this.#watch();
    });
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
  /** The part of the memory: for all responses, or for small ones alone. */
  part: "common" | "small" = "common";
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
