/** The interface of a store for the values of handles. */
import type { JSONValue } from "../protocol/json.ts";

/** The value of a handle. */
export interface StoredHandle {
  /** The kind of the handle and its owner. */
  readonly scope: string;
  readonly id: string;
  /** Starts at 1 and grows by one with every change. */
  readonly version: number;
  /** Expiry time, in milliseconds since 1970; `null` for never. */
  readonly expiresAt: number | null;
  readonly value: JSONValue;
}

/**
 * Stores values by scope and id. Methods reject with a `StoreUnavailableError` while the store is
 * unreachable.
 */
export interface HandleStore {
  /** True when replicas in other processes see the same values. */
  readonly isShared: boolean;
  /** Adds a value of version 1. */
  readonly create: (handle: StoredHandle) => Promise<void>;
  /** Returns the value; `undefined` when it is unknown or has expired. */
  readonly get: (scope: string, id: string) => Promise<StoredHandle | undefined>;
  /** Replaces the previous version. Resolves to false when the store holds another one. */
  readonly replace: (handle: StoredHandle) => Promise<boolean>;
  /** Deletes a value. Resolves to false when there was none. */
  readonly delete: (scope: string, id: string) => Promise<boolean>;
  /** Deletes up to `limit` expired values. Resolves to the number of deleted values. */
  readonly sweep: (limit: number) => Promise<number>;
  /** Closes connections. */
  readonly close: () => Promise<void>;
}
