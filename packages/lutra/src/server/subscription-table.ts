/** The limits on the open subscriptions of one server, in number and in bytes. */
import { tooMany } from "../protocol/errors.ts";

export interface TableLimits {
  readonly maxSubscriptions: number;
  readonly maxSubscriptionBytes: number;
  /** The part of both limits that one caller may use, from 0 to 1. */
  readonly callerShare: number;
}

interface Use {
  count: number;
  bytes: number;
}

/** The suggested delay when another subscription must end first, in milliseconds. */
const retryAfterMs = 10_000;

/** Counts open subscriptions, so that no caller uses what the others need. */
export class SubscriptionTable {
  readonly #limits: TableLimits;
  readonly #total: Use = { count: 0, bytes: 0 };
  readonly #callers = new Map<string, Use>();

  constructor(limits: TableLimits) {
    this.#limits = limits;
  }

  /**
   * Counts a subscription. Returns a function that is called once when it has ended.
   *
   * @throws {ProtocolError} with status 429 when the caller or the server has too many
   */
  enter(caller: string, bytes: number): () => void {
    const { callerShare } = this.#limits;
    const own = this.#callers.get(caller) ?? { count: 0, bytes: 0 };
    if (!this.#hasRoom(own, bytes, callerShare) || !this.#hasRoom(this.#total, bytes, 1)) {
      throw tooMany("subscriptions", retryAfterMs);
    }
    this.#callers.set(caller, own);
    for (const use of [own, this.#total]) change(use, 1, bytes);
    return () => {
      for (const use of [own, this.#total]) change(use, -1, -bytes);
      if (own.count === 0) this.#callers.delete(caller);
    };
  }

  #hasRoom({ count, bytes }: Use, added: number, share: number): boolean {
    const { maxSubscriptions, maxSubscriptionBytes } = this.#limits;
    const maxCount = Math.max(1, Math.floor(maxSubscriptions * share));
    return count < maxCount && bytes + added <= maxSubscriptionBytes * share;
  }
}

function change(use: Use, count: number, bytes: number): void {
  use.count += count;
  use.bytes += bytes;
}
