/** Snapshots of lists, so that all pages of a list show the same entries. */
import { BoundedMap } from "lutra/internal";
import { randomId } from "lutra/server";
import type { CollectedList } from "./collect.ts";

/** A list as one caller saw it at one time. */
export interface Snapshot extends CollectedList {
  readonly id: string;
  readonly takenAt: number;
  /** The key of the caller's authorization context. */
  readonly caller: string;
}

interface KeptSnapshot {
  readonly snapshot: Snapshot;
  /** The length as JSON, in characters. */
  readonly length: number;
}

/** Time for which a list is kept for its next page, in milliseconds. */
const keepMs = 60_000;
const maxSnapshots = 64;
/** Maximum length of all kept lists as JSON, in characters. */
const maxLength = 67_108_864;

/**
 * Keeps the newest snapshots. A snapshot may be dropped at any time: without one, the list is collected
 * again, as on another gateway.
 */
export class Snapshots {
  readonly #kept = new BoundedMap<string, KeptSnapshot>({
    maxEntries: maxSnapshots,
    maxWeight: maxLength,
    weightOf: ({ length }) => length,
  });
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Creates a snapshot, and keeps it if it has more than one page. */
  take(collected: CollectedList, caller: string, pageSize: number): Snapshot {
    const snapshot = { ...collected, id: randomId(9), takenAt: this.#now(), caller };
    if (snapshot.entries.length <= pageSize) return snapshot;
    const { length } = JSON.stringify(snapshot.entries);
    if (length > maxLength) return snapshot;
    this.#kept.set(snapshot.id, { snapshot, length });
    this.#dropExpired();
    return snapshot;
  }

  /** Returns a snapshot if it is public or belongs to the caller. */
  get(id: string, caller: string): Snapshot | undefined {
    const snapshot = this.#kept.get(id)?.snapshot;
    if (snapshot === undefined || this.#isExpired(snapshot)) return undefined;
    const isPublic = snapshot.hints.cacheScope === "public";
    return isPublic || snapshot.caller === caller ? snapshot : undefined;
  }

  clear(): void {
    this.#kept.clear();
  }

  #dropExpired(): void {
    for (const [id, { snapshot }] of this.#kept) {
      if (!this.#isExpired(snapshot)) return;
      this.#kept.delete(id);
    }
  }

  #isExpired({ takenAt }: Snapshot): boolean {
    return this.#now() - takenAt >= keepMs;
  }
}
