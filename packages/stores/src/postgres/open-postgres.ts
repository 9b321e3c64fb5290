import { type EventBus, StoreUnavailableError } from "lutra/stores";
import { createSqlHandleStore } from "../sql/handle-store.ts";
import { type SqlOptions, type SqlStore, withDefaults } from "../sql/options.ts";
import { createSqlReplayGuard } from "../sql/replay-guard.ts";
import { Connection, describeFailure } from "./connection.ts";
import { createPostgresEventBus } from "./event-bus.ts";
import { migrate } from "./migrations.ts";
import { namespaceOf } from "./namespace.ts";
import { requireSessions } from "./require-sessions.ts";
import { Session } from "./session.ts";
import { createPostgresTaskStore } from "./task-queue.ts";

export interface PostgresOptions extends SqlOptions {
  /** The clock for expiry, in milliseconds since 1970. @default the clock of Postgres */
  readonly now?: () => number;
  /** Maximum number of pooled connections; one more listens. At least 2. @default 10 */
  readonly maxConnections?: number;
  /**
   * Separates the stores of several servers in one database: 1 to 40 characters of `a` to `z`, digits
   * and `_`. The tables are then in the schema `lutra_` with the prefix. @default none: `lutra`
   */
  readonly prefix?: string | undefined;
}

/** The stores in one database. */
export interface PostgresStore extends SqlStore {
  readonly events: EventBus;
}

/**
 * Connects to Postgres 12 or newer and brings the tables of the store up to date.
 * Connect directly, or through a pooler that keeps sessions. A pooler in transaction mode is refused,
 * because `LISTEN` and session locks do not work there.
 *
 * @throws {TypeError} for an invalid option
 * @throws {Error} when the server refuses the connection, is unreachable, or has a later version, and
 * when another process holds the lock for migrations for a minute
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
  const { onError, retryPauseMs } = withDefaults("Postgres", options);
  const now = options.now ?? (() => null);
  const namespace = namespaceOf(options.prefix);
  if (!(maxConnections >= 2)) throw new TypeError("maxConnections: expected at least 2");
  await requireSessions(url);
  await migrate(url, { namespace });
  const connection = new Connection(url, maxConnections, namespace);
  const session = new Session(url, namespace, onError);
  const events = createPostgresEventBus(connection, session, onError);
  await firstSession(session, url).catch(async (error: unknown) => {
    await Promise.all([session.end(), connection.pool.end()]);
    throw error;
  });
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

/** Connects the session. Rejects with the reason for which it can't be connected. */
async function firstSession(session: Session, url: string): Promise<void> {
  try {
    await session.id();
  } catch (error) {
    throw describeFailure(url, error instanceof StoreUnavailableError ? error.cause : error);
  }
}
