/** Opens stores and buses by URL. Only the engine of the URL is loaded. */
import { loadOptional, parseURL } from "lutra/internal";
import {
  createMemoryHandleStore,
  createMemoryReplayGuard,
  createMemoryTaskStore,
  type EventBus,
  type HandleStore,
  type ReplayGuard,
  type TaskStore,
} from "lutra/stores";
import { requirePrefix } from "./prefix.ts";
import type { RedisStore } from "./redis/open-redis.ts";

export interface OpenOptions {
  /** Called with errors in the background. @default console.error */
  readonly onError?: (error: unknown) => void;
  /**
   * Separates the data and the events of several servers that share one database or one Redis: 1 to
   * 40 characters of `a` to `z`, digits and `_`. The parameter `prefix` of the URL takes precedence.
   * @default none
   */
  readonly prefix?: string | undefined;
}

/** The stores of a server. */
export interface Store {
  readonly tasks: TaskStore;
  readonly handles: HandleStore;
  readonly replayGuard: ReplayGuard;
  /** Present when the engine also carries events, as Postgres does. */
  readonly events?: EventBus;
  /** Releases the tasks that this process runs, and closes connections. */
  readonly close: () => Promise<void>;
}

/** An event bus, and the other stores of its engine. */
export interface Bus {
  readonly events: EventBus;
  readonly close: () => Promise<void>;
}

const stores = "memory:, sqlite:./state.db or postgres://user:password@host/database";
const buses = "redis://host:6379 or postgres://user:password@host/database";

/** The drivers, of which an application installs those that it uses. */
const engines = {
  sqlite: { name: "libsql", feature: "SQLite" },
  postgres: { name: "pg", feature: "Postgres" },
  redis: { name: "ioredis", feature: "Redis" },
};

/**
 * Opens a store: `memory:`, `sqlite:./state.db` (a path, relative to the working directory) or
 * `postgres://user:password@host/database`.
 *
 * @throws {Error} for an invalid URL or prefix, or an unusable file or server; the message has no
 *   password
 * @example
 * ```ts
 * const { close, ...shared } = await openStore("sqlite:./state.db");
 * server.share(shared);
 * ```
 */
export async function openStore(url: string, options: OpenOptions = {}): Promise<Store> {
  switch (schemeOf(url)) {
    case "memory":
      return openMemory();
    case "sqlite": {
      const { openSqlite } = await loadOptional(engines.sqlite, () => import("./sqlite/index.ts"));
      const { path, ...own } = sqliteOptions(url, options);
      return openSqlite(path, own);
    }
    case "postgres":
    case "postgresql": {
      const { openPostgres } = await loadOptional(
        engines.postgres,
        () => import("./postgres/index.ts"),
      );
      return openPostgres(...prefixed(url, options));
    }
    default:
      throw new Error(`store: expected ${stores}, got ${describe(url)}`);
  }
}

/**
 * Opens an event bus between machines: `redis://host:6379` (`rediss:` with TLS), or
 * `postgres://user:password@host/database`.
 *
 * @throws {Error} for an invalid URL or an unusable server; the message has no password
 */
export async function openBus(url: string, options: OpenOptions = {}): Promise<Bus> {
  switch (schemeOf(url)) {
    case "redis":
    case "rediss":
      return openShared(url, options);
    case "postgres":
    case "postgresql": {
      const { openPostgres } = await loadOptional(
        engines.postgres,
        () => import("./postgres/index.ts"),
      );
      return openPostgres(...prefixed(url, options));
    }
    default:
      throw new Error(`bus: expected ${buses}, got ${describe(url)}`);
  }
}

/**
 * Opens the stores that several gateways share: rate limits, limits on concurrency, replay claims and
 * cached responses, at `redis://host:6379` (`rediss:` with TLS).
 *
 * @throws {Error} for an invalid URL or an unusable server; the message has no password
 */
export async function openShared(url: string, options: OpenOptions = {}): Promise<RedisStore> {
  const { openRedis } = await loadOptional(engines.redis, () => import("./redis/index.ts"));
  const [address, { prefix, ...own }] = prefixed(url, options);
  return openRedis(address, prefix === undefined ? own : { ...own, prefix: `lutra:${prefix}:` });
}

function openMemory(): Store {
  return {
    tasks: createMemoryTaskStore(),
    handles: createMemoryHandleStore(),
    replayGuard: createMemoryReplayGuard(),
    close: async () => {},
  };
}

function schemeOf(url: string): string | undefined {
  return /^([a-z]+):/.exec(url)?.[1];
}

/** Returns the path of `sqlite:./a.db` or `sqlite:///var/a.db`. */
function pathOf(url: string): string {
  const path = url.slice("sqlite:".length).replace(/^\/\/(?=\/)/, "");
  if (path === "" || path.startsWith("//")) {
    throw new Error("store: expected a path, as in sqlite:./state.db or sqlite:/var/lib/state.db");
  }
  return path;
}

/** Each server has a file of its own, so a prefix in one is a mistake. */
function sqliteOptions(url: string, { prefix, ...options }: OpenOptions) {
  const path = pathOf(url);
  if (prefix === undefined && !/[?&]prefix=/.test(path)) return { ...options, path };
  throw new TypeError("prefix: expected none with sqlite:; give each server a file of its own");
}

/** Returns the URL without the parameter `prefix`, and the options with it. */
function prefixed(url: string, options: OpenOptions): [url: string, options: OpenOptions] {
  if (parseURL(url) === undefined) throw new Error(`expected a URL after ${schemeOf(url)}:`);
  const [address = "", query = ""] = url.split("?", 2);
  const parameters = new URLSearchParams(query);
  const prefix = parameters.get("prefix") ?? options.prefix;
  requirePrefix(prefix);
  if (!parameters.has("prefix")) return [url, { ...options, prefix }];
  parameters.delete("prefix");
  return [parameters.size === 0 ? address : `${address}?${parameters}`, { ...options, prefix }];
}

/** Describes a URL without its parts that may be a password. */
function describe(url: string): string {
  const scheme = schemeOf(url);
  return scheme === undefined ? "a text without a scheme" : `${scheme}:`;
}
