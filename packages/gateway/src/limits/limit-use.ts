/** The current use of one limit, for the console. It is counted beside the limit, which may be shared. */

/** The use of a limit in this process. */
export interface LimitUseStats {
  /** Number of requests in flight that count against it. */
  readonly inFlight: number;
  /** Requests of the last minute that it has admitted, and that it has refused. */
  readonly admitted: number;
  readonly refused: number;
  /** The keys with the most requests of the last minute, such as callers. At most 5. */
  readonly busiest: readonly LimitKeyUse[];
}

export interface LimitKeyUse {
  /** The values of `per`, or a hash of them if they are long. */
  readonly key: string;
  readonly inFlight: number;
  readonly admitted: number;
  readonly refused: number;
}

interface Counts {
  admitted: number;
  refused: number;
}

/** Length of the window in which requests are counted, and of a part of it, in milliseconds. */
const windowMs = 60_000;
const partMs = 10_000;

/** Maximum number of keys that are counted in one part of the window. Further ones have no counts. */
const maxKeys = 1000;

/** Maximum number of keys that are shown. */
const maxBusiest = 5;

interface Part extends Counts {
  readonly since: number;
  readonly keys: Map<string, Counts>;
}

export class LimitUse {
  readonly #now: () => number;
  readonly #inFlight = new Map<string, number>();
  #parts: Part[] = [];

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Counts a request that has been admitted. Returns the function that ends it. */
  enter(key: string): () => void {
    this.#count(key, "admitted");
    this.#inFlight.set(key, (this.#inFlight.get(key) ?? 0) + 1);
    return () => {
      const left = (this.#inFlight.get(key) ?? 0) - 1;
      if (left > 0) this.#inFlight.set(key, left);
      else this.#inFlight.delete(key);
    };
  }

  refuse(key: string): void {
    this.#count(key, "refused");
  }

  stats(): LimitUseStats {
    this.#dropOld();
    const sum = (outcome: keyof Counts) =>
      this.#parts.reduce((total, part) => total + part[outcome], 0);
    const inFlight = [...this.#inFlight.values()].reduce((total, count) => total + count, 0);
    return {
      inFlight,
      admitted: sum("admitted"),
      refused: sum("refused"),
      busiest: this.#busiest(),
    };
  }

  #busiest(): readonly LimitKeyUse[] {
    const keys = new Set([
      ...this.#inFlight.keys(),
      ...this.#parts.flatMap(({ keys }) => [...keys.keys()]),
    ]);
    const uses = [...keys].map((key) => {
      const counts = this.#parts.map((part) => part.keys.get(key) ?? noCounts);
      return {
        key,
        inFlight: this.#inFlight.get(key) ?? 0,
        admitted: counts.reduce((total, { admitted }) => total + admitted, 0),
        refused: counts.reduce((total, { refused }) => total + refused, 0),
      };
    });
    return busiestOf(uses);
  }

  #count(key: string, outcome: keyof Counts): void {
    const part = this.#currentPart();
    part[outcome] += 1;
    const counts = part.keys.get(key) ?? { admitted: 0, refused: 0 };
    counts[outcome] += 1;
    if (part.keys.size < maxKeys) part.keys.set(key, counts);
  }

  #currentPart(): Part {
    const last = this.#parts.at(-1);
    if (last !== undefined && this.#now() - last.since < partMs) return last;
    this.#dropOld();
    const part: Part = { since: this.#now(), admitted: 0, refused: 0, keys: new Map() };
    this.#parts.push(part);
    return part;
  }

  #dropOld(): void {
    this.#parts = this.#parts.filter(({ since }) => this.#now() - since < windowMs);
  }
}

const noCounts: Counts = { admitted: 0, refused: 0 };

/** Returns the keys with the most requests, at most 5. */
export function busiestOf(uses: readonly LimitKeyUse[]): readonly LimitKeyUse[] {
  const weight = ({ inFlight, admitted, refused }: LimitKeyUse) => inFlight + admitted + refused;
  return [...uses].sort((a, b) => weight(b) - weight(a)).slice(0, maxBusiest);
}
