/** The differences between two configurations. */
import { isDeepStrictEqual } from "node:util";
import type { CompleteConfig } from "./complete-routes.ts";

export interface ConfigDiff {
  /** Names of new upstreams. */
  readonly added: readonly string[];
  /** Names of removed upstreams. */
  readonly gone: readonly string[];
  /** Names of upstreams with any changed setting. */
  readonly changed: readonly string[];
  /** Messages for settings that can't change while the gateway runs, one line each. */
  readonly needsRestart: readonly string[];
}

/** Compares upstreams by value. Other settings need no comparison, because all of them are replaced. */
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
      return [
        `${path}: expected ${shown(read(old))}, as in the running gateway; restart the gateway to change it`,
      ];
    }),
  };
}

/** Settings of sockets and of the access log, which stay open while the gateway runs. */
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
