/** Versioned rows in the memory of one process, as the stores for tasks and handles keep them. */
import { StoreUnavailableError } from "./store-unavailable-error.ts";

export interface MemoryRow<Value> {
  readonly version: number;
  readonly expiresAt: number | null;
  readonly value: Value;
}

export interface MemoryRowsOptions {
  readonly maxRows: number;
  /** The name of rows in the error when the limit is reached. */
  readonly plural: string;
  readonly now: () => number;
  /** Called with the key of each row that was deleted because it had expired. */
  readonly onExpired?: (key: string) => void;
}

export class MemoryRows<Value> {
  readonly #options: MemoryRowsOptions;
  /** The values are JSON, so that callers can't change what others read. */
  readonly #rows = new Map<string, MemoryRow<string>>();
  /** No row expires before this time, so a sweep before it would find nothing. */
  #firstExpiry = 0;

  constructor(options: MemoryRowsOptions) {
    this.#options = options;
  }

  /**
   * Adds a row. Returns false when there is one with this key.
   *
   * @throws {StoreUnavailableError} at the limit, if no row has expired
   */
  add(key: string, row: MemoryRow<Value>): boolean {
    if (this.#rows.has(key)) return false;
    const { maxRows, plural } = this.#options;
    if (this.#rows.size >= maxRows && this.sweep(maxRows) === 0) {
      const cause = new Error(`the limit of ${maxRows} ${plural} is reached`);
      throw new StoreUnavailableError("memory", cause);
    }
    this.#write(key, row);
    return true;
  }

  get(key: string): MemoryRow<Value> | undefined {
    const row = this.#find(key);
    return row && { ...row, value: JSON.parse(row.value) as Value };
  }

  /** Replaces the previous version of a row. Returns false when there is another version. */
  replace(key: string, row: MemoryRow<Value>): boolean {
    if (this.#find(key)?.version !== row.version - 1) return false;
    this.#write(key, row);
    return true;
  }

  delete(key: string): boolean {
    const isFound = this.#find(key) !== undefined;
    this.#rows.delete(key);
    return isFound;
  }

  /** Deletes up to `limit` expired rows. Returns their number. */
  sweep(limit: number): number {
    if (this.#options.now() < this.#firstExpiry) return 0;
    let swept = 0;
    let firstExpiry = Number.POSITIVE_INFINITY;
    for (const [key, { expiresAt }] of this.#rows) {
      if (swept >= limit) return swept;
      if (this.#find(key) !== undefined) {
        firstExpiry = Math.min(firstExpiry, expiresAt ?? firstExpiry);
        continue;
      }
      this.#rows.delete(key);
      this.#options.onExpired?.(key);
      swept += 1;
    }
    this.#firstExpiry = firstExpiry;
    return swept;
  }

  #find(key: string): MemoryRow<string> | undefined {
    const row = this.#rows.get(key);
    const isExpired = row && row.expiresAt !== null && row.expiresAt <= this.#options.now();
    return isExpired ? undefined : row;
  }

  #write(key: string, { version, expiresAt, value }: MemoryRow<Value>): void {
    this.#firstExpiry = Math.min(this.#firstExpiry, expiresAt ?? this.#firstExpiry);
    this.#rows.set(key, { version, expiresAt, value: JSON.stringify(value) });
  }
}
