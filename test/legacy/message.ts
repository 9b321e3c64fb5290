/** Messages, and lists of them that can be awaited. */
import type { JSONObject } from "../../packages/lutra/src/protocol/json.ts";

export interface Message {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: JSONObject;
  readonly result?: JSONObject;
  readonly error?: JSONObject & { readonly code: number; readonly message: string };
}

/** Sends a message, and delivers those that answer it. */
export type Send = (message: unknown, deliver: (value: unknown) => void) => Promise<void>;

/** A list whose later values can be awaited. */
export function watched<T>() {
  const values: T[] = [];
  const watchers = new Set<(value: T) => void>();
  return {
    values,
    add: (value: T): void => {
      values.push(value);
      for (const watcher of [...watchers]) watcher(value);
    },
    first: (matches: (value: T) => boolean): Promise<T> => {
      const known = values.find(matches);
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve) => {
        const watcher = (value: T) => {
          if (!matches(value)) return;
          watchers.delete(watcher);
          resolve(value);
        };
        watchers.add(watcher);
      });
    },
  };
}
