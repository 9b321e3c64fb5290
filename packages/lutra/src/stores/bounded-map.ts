/** The limits of a `BoundedMap`. */
export interface MapBounds<V> {
  /** Maximum number of entries. */
  readonly maxEntries: number;
  /** Maximum sum of the weights. @default no limit */
  readonly maxWeight?: number;
  /** Returns the weight of a value, which must not change. @default 1 */
  readonly weightOf?: (value: V) => number;
}

/**
 * A map of limited size. When it is full, the entries that were set least recently are dropped.
 * Reading an entry does not change the order.
 */
export class BoundedMap<K, V extends NonNullable<unknown>> {
  readonly #entries = new Map<K, V>();
  readonly #maxEntries: number;
  readonly #maxWeight: number;
  readonly #weightOf: (value: V) => number;
  #weight = 0;

  constructor({
    maxEntries,
    maxWeight = Number.POSITIVE_INFINITY,
    weightOf = () => 1,
  }: MapBounds<V>) {
    this.#maxEntries = maxEntries;
    this.#maxWeight = maxWeight;
    this.#weightOf = weightOf;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  /** Sets an entry, which becomes the most recent one. */
  set(key: K, value: V): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#weight += this.#weightOf(value);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#weight <= this.#maxWeight) return;
      this.delete(oldest);
    }
  }

  delete(key: K): boolean {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#weight -= this.#weightOf(value);
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
  }

  keys(): IterableIterator<K> {
    return this.#entries.keys();
  }

  /** Iterates over the entries, the least recent one first. */
  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#entries[Symbol.iterator]();
  }
}
