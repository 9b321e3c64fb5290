/** Lists that are being read page by page, so that their pages fit together. */
import { randomId } from "lutra/server";
import type { Collection } from "./collect.ts";

/** A list as it was for a caller at a time. */
export interface Snapshot extends Collection {
  readonly id: string;
  readonly takenAt: number;
  /** Whose it is. */
  readonly caller: string;
}

/** How long a list is kept for its next page, in milliseconds. */
const keepMs = 60_000;
const maxSnapshots = 64;
/** How much JSON all of them may be, in characters. */
const maxLength = 16_777_216;

/**
 * Keeps the lists that were asked for last. They are an aid and no promise: whoever finds none
 * collects the list once more, as another gateway does.
 */
export class Snapshots {
  readonly #kept = new Map<string, { readonly snapshot: Snapshot; readonly length: number }>();
  readonly #now: () => number;
  #length = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Makes a snapshot, and keeps it when it has more than one page. */
  take(collection: Collection, caller: string, pageSize: number): Snapshot {
    const snapshot = { ...collection, id: randomId(9), takenAt: this.#now(), caller };
    if (snapshot.entries.length <= pageSize) return snapshot;
    const { length } = JSON.stringify(snapshot.entries);
    if (length > maxLength) return snapshot;
    this.#kept.set(snapshot.id, { snapshot, length });
    this.#length += length;
    this.#trim();
    return snapshot;
  }

  /** The snapshot, for those who may see it. */
  get(id: string, caller: string): Snapshot | undefined {
    const snapshot = this.#kept.get(id)?.snapshot;
    if (snapshot === undefined || this.#isOver(snapshot)) return undefined;
    const isForAll = snapshot.hints.cacheScope === "public";
    return isForAll || snapshot.caller === caller ? snapshot : undefined;
  }

  clear(): void {
    this.#kept.clear();
    this.#length = 0;
  }

  #trim(): void {
    for (const [id, { snapshot, length }] of this.#kept) {
      const isTooMuch = this.#kept.size > maxSnapshots || this.#length > maxLength;
      if (!isTooMuch && !this.#isOver(snapshot)) return;
      this.#kept.delete(id);
      this.#length -= length;
    }
  }

  #isOver({ takenAt }: Snapshot): boolean {
    return this.#now() - takenAt >= keepMs;
  }
}
