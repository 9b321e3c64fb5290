/** The most recent exchanges, bounded by their number and their estimated size. */
import type { RecentExchange } from "@lutra/console";
import { bytesOf } from "./recent-exchange.ts";

export interface ExchangeRingOptions {
  /** Maximum number of exchanges. */
  readonly max: number;
  /** Maximum estimated size of all exchanges, in bytes. */
  readonly maxBytes: number;
}

/** Exchanges that follow a given one. */
export interface NextExchanges {
  readonly exchanges: readonly RecentExchange[];
  /** Number of exchanges after the given one that the ring no longer has. */
  readonly missed: number;
}

export class ExchangeRing {
  readonly #options: ExchangeRingOptions;
  /** The exchange with the number `id` is at `id % max`. */
  readonly #slots: (RecentExchange | undefined)[] = [];
  #firstId = 1;
  #nextId = 1;
  #bytes = 0;

  constructor(options: ExchangeRingOptions) {
    this.#options = options;
  }

  /** The number for the next exchange. */
  get nextId(): number {
    return this.#nextId;
  }

  get size(): { readonly exchanges: number; readonly bytes: number } {
    return { exchanges: this.#nextId - this.#firstId, bytes: this.#bytes };
  }

  /** Adds the exchange with the number `nextId`, and drops the oldest ones above the bounds. */
  add(exchange: RecentExchange): void {
    const { max, maxBytes } = this.#options;
    this.#nextId += 1;
    if (max === 0) {
      this.#firstId = this.#nextId;
      return;
    }
    if (this.#nextId - this.#firstId > max) this.#drop();
    this.#slots[exchange.id % max] = exchange;
    this.#bytes += bytesOf(exchange);
    while (this.#bytes > maxBytes && this.#firstId < this.#nextId) this.#drop();
  }

  find(id: number): RecentExchange | undefined {
    if (id < this.#firstId || id >= this.#nextId) return undefined;
    return this.#slots[id % this.#options.max];
  }

  /** Returns up to `limit` exchanges after the one with the number `id`, the oldest first. */
  after(id: number, limit: number): NextExchanges {
    const first = Math.max(this.#firstId, id + 1);
    const exchanges: RecentExchange[] = [];
    for (let at = first; at < this.#nextId && exchanges.length < limit; at += 1) {
      exchanges.push(this.#slots[at % this.#options.max] as RecentExchange);
    }
    return { exchanges, missed: Math.max(0, first - id - 1) };
  }

  /** Returns the exchanges of a trace, the oldest first. */
  ofTrace(traceId: string): readonly RecentExchange[] {
    const { exchanges } = this.after(0, this.size.exchanges);
    return exchanges.filter((one) => one.traceId === traceId);
  }

  #drop(): void {
    const slot = this.#firstId % this.#options.max;
    this.#bytes -= bytesOf(this.#slots[slot] as RecentExchange);
    this.#slots[slot] = undefined;
    this.#firstId += 1;
  }
}
