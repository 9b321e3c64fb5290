/**
 * The counts of the era report in a handle store, so that they outlive the process, and several
 * gateways with one name have one report. A gateway adds its counts to those of the store.
 */
import { isObject, type JSONObject, type JSONValue } from "lutra/protocol";
import type { HandleStore } from "lutra/stores";
import { type EraCounted, type EraRow, EraTable, maxDays } from "./era-table.ts";

export interface KeptErasOptions {
  readonly store: HandleStore;
  /** The name of the gateway. Gateways with the same name share their counts. */
  readonly name: string;
  /** Called once when counts can't be stored, and again after a later success. */
  readonly onWarning: (message: string, cause?: unknown) => void;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Interval in which counts are stored, in milliseconds. */
const flushMs = 60_000;
/** Maximum number of writes of a day, when other gateways change it at once. */
const maxWrites = 5;
/** Maximum number of expired days that one write of the store removes. */
const sweepLimit = 100;
const dayMs = 86_400_000;

export class KeptEras {
  readonly #table: EraTable;
  readonly #store: HandleStore;
  readonly #scope: string;
  readonly #options: KeptErasOptions;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  #flushing: Promise<void> | undefined;
  #isFailing = false;

  /** @param table The counts of this process that are not stored yet */
  constructor(table: EraTable, options: KeptErasOptions) {
    this.#table = table;
    this.#options = options;
    this.#store = options.store;
    this.#scope = `lutra eras of ${options.name}`;
    this.#now = options.now ?? Date.now;
    this.#timer = setInterval(() => void this.flush(), flushMs).unref();
  }

  /** Reads the counts of all processes. Without the store, those of this process that are left. */
  async read(): Promise<EraCounted> {
    await this.flush();
    const own = this.#table.read();
    const total = new EraTable(this.#now);
    try {
      for (const day of this.#days()) total.add(rowsIn((await this.#get(day))?.value));
      total.add(own.rows);
      const sinceMs = await this.#since(own.sinceMs);
      return { ...total.read(), sinceMs };
    } catch (error) {
      this.#failed(error);
      return own;
    }
  }

  /** Stores the counts. What can't be stored stays in memory, within the bounds of the table. */
  flush(): Promise<void> {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /** Stores the last counts and closes the store. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
    await this.#store.close();
  }

  async #flush(): Promise<void> {
    const rows = this.#table.take();
    if (rows.length === 0) return;
    const left = new Map<string, EraRow[]>();
    for (const row of rows) left.set(row.day, [...(left.get(row.day) ?? []), row]);
    try {
      for (const [day, added] of left) {
        await this.#add(day, added);
        left.delete(day);
      }
      await this.#store.sweep(sweepLimit);
      this.#isFailing = false;
    } catch (error) {
      for (const added of left.values()) this.#table.add(added);
      this.#failed(error);
    }
  }

  /** Adds counts to those of a day. */
  async #add(day: string, rows: readonly EraRow[]): Promise<void> {
    for (let attempt = 0; attempt < maxWrites; attempt += 1) {
      const stored = await this.#get(day);
      const total = new EraTable(this.#now);
      total.add(rowsIn(stored?.value));
      total.add(rows);
      const value = total.read().rows as unknown as JSONValue;
      if (await this.#write(day, value, stored?.version ?? 0)) return;
    }
    throw new Error("other gateways change the counts of the day");
  }

  /** Returns the time of the first count of any process, and stores it. */
  async #since(ownMs: number): Promise<number> {
    const stored = await this.#get("since");
    const sinceMs = Math.min(ownMs, Number(stored?.value ?? ownMs));
    // Another gateway may have written it at the same time, and the next report corrects it.
    if (stored?.value !== sinceMs) await this.#write("since", sinceMs, stored?.version ?? 0);
    return sinceMs;
  }

  #get(id: string) {
    return this.#store.get(this.#scope, id);
  }

  /** Writes the next version. Resolves to false when another gateway has written it. */
  async #write(id: string, value: JSONValue, version: number): Promise<boolean> {
    const expiresAt = id === "since" ? null : Date.parse(id) + (maxDays + 1) * dayMs;
    const next = { scope: this.#scope, id, version: version + 1, expiresAt, value };
    if (version > 0) return this.#store.replace(next);
    try {
      await this.#store.create(next);
      return true;
    } catch (error) {
      if ((await this.#get(id)) === undefined) throw error;
      return false;
    }
  }

  /** Returns the days that are kept, the earliest first. */
  #days(): readonly string[] {
    const today = this.#now();
    return Array.from({ length: maxDays }, (_, index) =>
      new Date(today - (maxDays - 1 - index) * dayMs).toISOString().slice(0, 10),
    );
  }

  #failed(error: unknown): void {
    if (!this.#isFailing) {
      this.#options.onWarning("the counts of the era report could not be stored", error);
    }
    this.#isFailing = true;
  }
}

function rowsIn(value: unknown): readonly EraRow[] {
  return Array.isArray(value) ? value.filter(isRow) : [];
}

function isRow(value: unknown): value is EraRow {
  if (!isObject(value)) return false;
  const { day, lastSeen, requests, failed, used, declared }: JSONObject = value;
  return (
    typeof day === "string" &&
    typeof lastSeen === "string" &&
    typeof requests === "number" &&
    typeof failed === "number" &&
    isObject(used) &&
    isObject(declared)
  );
}
