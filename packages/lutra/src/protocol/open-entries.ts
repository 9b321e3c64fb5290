/**
 * Collections of objects that are open for a short time, such as requests in flight.
 *
 * A `Set` or `Map` would keep them in memory after their removal: V8 replaces its table every few
 * additions, and each table refers to its successor and to the entries of its time. Once one table is in
 * the old generation, all later ones survive the collections of the young generation, with all that was
 * in them, until the next full collection.
 */

/** The place of a value in an `OpenSet`. A removed one refers to nothing. */
export class OpenEntry<T> {
  /** Undefined once it is removed. */
  value: T | undefined;
  previous: OpenEntry<T> | undefined = undefined;
  next: OpenEntry<T> | undefined = undefined;

  constructor(value: T) {
    this.value = value;
  }
}

/** A set that iterates in the order of addition. Values are removed by their entries. */
export class OpenSet<T> implements Iterable<T> {
  size = 0;
  #first: OpenEntry<T> | undefined;
  #last: OpenEntry<T> | undefined;

  /** The value that was added first. */
  get first(): T | undefined {
    return this.#first?.value;
  }

  add(value: T): OpenEntry<T> {
    const entry = new OpenEntry(value);
    entry.previous = this.#last;
    if (this.#last === undefined) this.#first = entry;
    else this.#last.next = entry;
    this.#last = entry;
    this.size += 1;
    return entry;
  }

  /** Removes a value. Returns false if it was removed before. */
  delete(entry: OpenEntry<T>): boolean {
    if (entry.value === undefined) return false;
    const { previous, next } = entry;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    entry.value = undefined;
    entry.previous = undefined;
    entry.next = undefined;
    this.size -= 1;
    return true;
  }

  /** Iterates over the values of the start, except for those that are removed in the meantime. */
  *[Symbol.iterator](): Generator<T, void> {
    const entries: OpenEntry<T>[] = [];
    for (let entry = this.#first; entry !== undefined; entry = entry.next) entries.push(entry);
    for (const { value } of entries) if (value !== undefined) yield value;
  }
}

/** A map from identifiers, which may stay in memory for a while, to values, which do not. */
export class OpenMap<K extends string | number | symbol, V> {
  readonly #entries = new Map<K, { value: V | undefined }>();

  get size(): number {
    return this.#entries.size;
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)?.value;
  }

  set(key: K, value: V): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#entries.set(key, { value });
    else entry.value = value;
  }

  delete(key: K): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    entry.value = undefined;
    return this.#entries.delete(key);
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key);
  }

  keys(): IterableIterator<K> {
    return this.#entries.keys();
  }

  /** Returns the values at this moment, the first one first. */
  values(): readonly V[] {
    const values: V[] = [];
    for (const { value } of this.#entries.values()) if (value !== undefined) values.push(value);
    return values;
  }
}
