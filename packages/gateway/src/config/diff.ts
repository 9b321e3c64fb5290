/** What a new configuration changes. */
import { isDeepStrictEqual } from "node:util";
import type { CompleteConfig } from "./complete-routes.ts";

export interface ConfigDiff {
  /** Names of upstreams that are new. */
  readonly added: readonly string[];
  /** Names of upstreams that are gone. */
  readonly gone: readonly string[];
  /** Names of upstreams of which anything is different. */
  readonly changed: readonly string[];
  /**
   * Why the configuration can't be taken while the gateway runs, one line for each setting; empty
   * when it can.
   */
  readonly needsRestart: readonly string[];
}

/** Compares upstreams by what is in them. Routes, limits and the rest need no comparison. */
export function diffConfig(old: CompleteConfig, next: CompleteConfig): ConfigDiff {
  const before = new Map(Object.entries(old.upstreams));
  const after = new Map(Object.entries(next.upstreams));
  return {
    added: [...after.keys()].filter((name) => !before.has(name)),
    gone: [...before.keys()].filter((name) => !after.has(name)),
    changed: [...after.keys()].filter(
      (name) => before.has(name) && !isDeepStrictEqual(before.get(name), after.get(name)),
    ),
    needsRestart: fixedSettings.flatMap(({ path, read }) => {
      if (isDeepStrictEqual(read(old), read(next))) return [];
      return [`${path}: expected ${shown(read(old))} as before; restart the gateway to change it`];
    }),
  };
}

/** Settings of what is open for as long as the gateway runs: sockets, and the access log. */
const fixedSettings: readonly {
  readonly path: string;
  readonly read: (config: CompleteConfig) => unknown;
}[] = [
  { path: "listen.host", read: ({ listen }) => listen.host },
  { path: "listen.port", read: ({ listen }) => listen.port },
  { path: "listen.path", read: ({ listen }) => listen.path },
  { path: "admin", read: ({ admin }) => admin },
  { path: "log", read: ({ log }) => log },
];

function shown(value: unknown): string {
  return JSON.stringify(value);
}
