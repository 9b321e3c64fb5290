/** Opens what a URL names. Only the engine that is named is loaded. */
import {
  createMemoryHandleStore,
  createMemoryReplayGuard,
  createMemoryTaskStore,
  type EventBus,
  type HandleStore,
  type ReplayGuard,
  type TaskStore,
} from "lutra/stores";

export interface OpenOptions {
  /** Hears what goes wrong in the background. @default console.error */
  readonly onError?: (error: unknown) => void;
}

/** What a server keeps. */
export interface Store {
  readonly tasks: TaskStore;
  readonly handles: HandleStore;
  readonly replayGuard: ReplayGuard;
  /** Where the engine also carries events: Postgres. */
  readonly events?: EventBus;
  /** Hands over what this process runs and holds, and frees connections. */
  readonly close: () => Promise<void>;
}

/** What carries events, and whatever else goes well with it. */
export interface Bus {
  readonly events: EventBus;
  readonly close: () => Promise<void>;
}

const stores = "memory:, sqlite:./state.db or postgres://user:password@host/database";
const buses = "redis://host:6379 or postgres://user:password@host/database";

/**
 * Opens a store: `memory:`, `sqlite:./state.db` (a path, relative to the working directory) or
 * `postgres://user:password@host/database`.
 *
 * @throws {Error} that says what is wrong with the URL, the file or the server, without passwords
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
      const { openSqlite } = await import("./sqlite/index.ts");
      return openSqlite(pathOf(url), options);
    }
    case "postgres":
    case "postgresql": {
      const { openPostgres } = await import("./postgres/index.ts");
      return openPostgres(checked(url), options);
    }
    default:
      throw new Error(`store: expected ${stores}, not ${describe(url)}`);
  }
}

/**
 * Opens what carries events between machines: `redis://host:6379` (`rediss:` with TLS), or
 * `postgres://user:password@host/database`.
 *
 * @throws {Error} that says what is wrong with the URL or the server, without passwords
 */
export async function openBus(url: string, options: OpenOptions = {}): Promise<Bus> {
  switch (schemeOf(url)) {
    case "redis":
    case "rediss": {
      const { openRedis } = await import("./redis/index.ts");
      return openRedis(checked(url), options);
    }
    case "postgres":
    case "postgresql": {
      const { openPostgres } = await import("./postgres/index.ts");
      return openPostgres(checked(url), options);
    }
    default:
      throw new Error(`bus: expected ${buses}, not ${describe(url)}`);
  }
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

/** Both `sqlite:./a.db` and `sqlite:///var/a.db` name a file. */
function pathOf(url: string): string {
  const path = url.slice("sqlite:".length).replace(/^\/\/(?=\/)/, "");
  if (path === "" || path.startsWith("//")) {
    throw new Error("store: expected a path, as in sqlite:./state.db or sqlite:/var/lib/state.db");
  }
  return path;
}

function checked(url: string): string {
  if (!URL.canParse(url)) throw new Error(`expected a URL after ${schemeOf(url)}:`);
  return url;
}

/** Without what may be a password. */
function describe(url: string): string {
  const scheme = schemeOf(url);
  return scheme === undefined ? "a text without a scheme" : `${scheme}:`;
}
