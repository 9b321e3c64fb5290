/** Where the values of handles live: what an application keeps between calls under a name it gives out. */
import type { JSONValue } from "../protocol/json.ts";

/** A value that is kept under a handle. */
export interface StoredHandle {
  /** What it belongs to: the kind of the handle, and whose it is. */
  readonly scope: string;
  readonly id: string;
  /** Grows by one with every change, from 1. */
  readonly version: number;
  /** When it is forgotten, in milliseconds since 1970; `null` for never. */
  readonly expiresAt: number | null;
  readonly value: JSONValue;
}

/**
 * Keeps values under ids. Ids of one scope are nothing in another. A method rejects with a
 * `StoreUnavailableError` while the store can't be reached.
 */
export interface HandleStore {
  /** Whether replicas on other processes see the same values. */
  readonly isShared: boolean;
  /** Adds a value of version 1. */
  readonly create: (handle: StoredHandle) => Promise<void>;
  /** The value; `undefined` when there is none, or it has expired. */
  readonly get: (scope: string, id: string) => Promise<StoredHandle | undefined>;
  /** Puts a value in the place of its version before; false, and no change, when that is gone. */
  readonly replace: (handle: StoredHandle) => Promise<boolean>;
  /** Forgets a value; false when there was none. */
  readonly delete: (scope: string, id: string) => Promise<boolean>;
  /** Forgets values that have expired, at most `limit`; resolves to how many. */
  readonly sweep: (limit: number) => Promise<number>;
  /** Frees connections. */
  readonly close: () => Promise<void>;
}
