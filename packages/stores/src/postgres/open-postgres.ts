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
  /** The most connections of this process, beside the one that listens. @default 10 */
  readonly maxConnections?: number;
  /** Hears what goes wrong in the background. @default console.error */
  readonly onError?: (error: unknown) => void;
  /** The clock by which things expire, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** How long to wait after so many rejections of a run in a row. @default 1 s, 2 s ... 1 min */
  readonly retryPauseMs?: (rejections: number) => number;
}

/** What one database keeps and carries. */
export interface PostgresStore {
  readonly tasks: TaskStore;
  readonly handles: HandleStore;
  readonly replayGuard: ReplayGuard;
  readonly events: EventBus;
  /** Hands over what this process runs and holds, and ends all connections. */
  readonly close: () => Promise<void>;
}

/**
 * Connects to Postgres 12 or newer and brings the schema `lutra` up to date.
 * Connect to the server itself, or through a pooler that keeps sessions: `LISTEN` and session locks
 * do not survive one that pools by transaction.
 *
 * @throws {Error} where the server refuses, can't be reached, or has a store of a later version
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
  console.error("lutra: the store in Postgres:", error);
}
