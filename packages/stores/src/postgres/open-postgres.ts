import type { EventBus } from "lutra/stores";
import { createSqlHandleStore } from "../sql/handle-store.ts";
import { type SqlOptions, type SqlStore, withDefaults } from "../sql/options.ts";
import { createSqlReplayGuard } from "../sql/replay-guard.ts";
import { Connection } from "./connection.ts";
import { createPostgresEventBus } from "./event-bus.ts";
import { migrate } from "./migrations.ts";
import { Session } from "./session.ts";
import { createPostgresTaskStore } from "./task-queue.ts";

export interface PostgresOptions extends SqlOptions {
  /** Maximum number of pooled connections; one more listens. At least 2. @default 10 */
  readonly maxConnections?: number;
}

/** The stores in one database. */
export interface PostgresStore extends SqlStore {
  readonly events: EventBus;
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
  const { maxConnections = 10 } = options;
  const { now, onError, retryPauseMs } = withDefaults("Postgres", options);
  if (!(maxConnections >= 2)) throw new TypeError("maxConnections: expected at least 2");
  await migrate(url);
  const connection = new Connection(url, maxConnections);
  const session = new Session(url, onError);
  const events = createPostgresEventBus(connection, session, onError);
  await session.id();
  const tasks = createPostgresTaskStore({ engine: connection, session, now, retryPauseMs });
  let closing: Promise<void> | undefined;
  return {
    tasks,
    handles: createSqlHandleStore(connection, now),
    replayGuard: createSqlReplayGuard(connection, { now, onError }),
    events,
    close: () => {
      closing ??= tasks.close().then(() => connection.pool.end());
      return closing;
    },
  };
}
