import {
  type EventBus,
  type HandleStore,
  type ReplayGuard,
  retryPauseMs,
  type TaskStore,
} from "lutra/stores";
import { reportOutages } from "../report-outages.ts";
import { Connection } from "./connection.ts";
import { createPostgresEventBus } from "./event-bus.ts";
import { createPostgresHandleStore } from "./handle-store.ts";
import { migrate } from "./migrations.ts";
import { createPostgresReplayGuard } from "./replay-guard.ts";
import { Session } from "./session.ts";
import { createPostgresTaskStore } from "./task-store.ts";

export interface PostgresOptions {
  /** Maximum number of pooled connections; one more listens. At least 2. @default 10 */
  readonly maxConnections?: number;
  /** Called with errors in the background. @default console.error */
  readonly onError?: (error: unknown) => void;
  /** The clock for expiry times, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Pause after so many rejected runs in a row, in milliseconds. @default 1 s, 2 s ... 1 min */
  readonly retryPauseMs?: (rejections: number) => number;
}

/** The stores in one database. */
export interface PostgresStore {
  readonly tasks: TaskStore;
  readonly handles: HandleStore;
  readonly replayGuard: ReplayGuard;
  readonly events: EventBus;
  /** Releases the tasks that this process runs, and closes all connections. */
  readonly close: () => Promise<void>;
}

/**
 * Connects to Postgres 12 or newer and brings the schema `lutra` up to date.
 * Connect directly, or through a pooler that keeps sessions. `LISTEN` and session locks do not work with
 * a pooler in transaction mode.
 *
 * @throws {Error} when the server refuses the connection, is unreachable, or has a later version
 * @example
 * ```ts
 * const { tasks, handles, replayGuard, events } = await openPostgres(process.env.DATABASE_URL);
 * server.share({ replicas: 3, keys, tasks, handles, replayGuard, events });
 * ```
 */
export async function openPostgres(
  url: string,
  options: PostgresOptions = {},
): Promise<PostgresStore> {
  const { now = Date.now, maxConnections = 10 } = options;
  const onError = reportOutages(options.onError ?? reportError);
  if (!(maxConnections >= 2)) throw new TypeError("maxConnections: expected at least 2");
  await migrate(url);
  const connection = new Connection(url, maxConnections);
  const session = new Session(url, onError);
  const events = createPostgresEventBus(connection, session, onError);
  await session.id();
  const tasks = createPostgresTaskStore({
    connection,
    session,
    now,
    retryPauseMs: options.retryPauseMs ?? retryPauseMs,
  });
  let closing: Promise<void> | undefined;
  return {
    tasks,
    handles: createPostgresHandleStore(connection, now),
    replayGuard: createPostgresReplayGuard(connection, { now, onError }),
    events,
    close: () => {
      closing ??= tasks.close().then(() => connection.pool.end());
      return closing;
    },
  };
}

function reportError(error: unknown): void {
  console.error("lutra: error in the Postgres store:", error);
}
