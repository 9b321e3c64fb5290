import { open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { createSqlHandleStore } from "../sql/handle-store.ts";
import { type SqlOptions, type SqlStore, withDefaults } from "../sql/options.ts";
import { createSqlReplayGuard } from "../sql/replay-guard.ts";
import { Database, sqlEngine } from "./database.ts";
import { migrate } from "./migrations.ts";
import { Session } from "./session.ts";
import { createSqliteTaskStore } from "./task-queue.ts";

export type SqliteOptions = SqlOptions;

/** The stores in one file. */
export type SqliteStore = SqlStore;

/**
 * Opens a file, or creates one that only its owner can read, and migrates its tables. All processes of
 * one machine may open it. It must not be on a network drive.
 *
 * @throws {Error} for a missing folder, a file of another application or of a later version
 * @example
 * ```ts
 * const store = await openSqlite("./state.db");
 * const server = createServer({ name: "trips", version: "1.0.0", tools, handles: store.handles });
 * ```
 */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<SqliteStore> {
  const { now, onError, retryPauseMs } = withDefaults("SQLite", options);
  await requireFolder(path);
  await createFile(path);
  const database = new Database(path, true);
  try {
    await migrate(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
  const engine = sqlEngine(database);
  const workDatabase = new Database(path, false);
  const session = new Session({ database: workDatabase, now, onError });
  const tasks = createSqliteTaskStore({ engine, workDatabase, session, now, retryPauseMs });
  return {
    tasks,
    handles: createSqlHandleStore(engine, now),
    replayGuard: createSqlReplayGuard(engine, { now, onError }),
    close: async () => {
      if (!database.isOpen) return;
      await tasks.close();
      workDatabase.close();
      database.close();
    },
  };
}

/** Checks the path first, because SQLite reports only that it could not open the file. */
async function requireFolder(path: string): Promise<void> {
  const folder = dirname(path);
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined) throw new Error(`${path}: the folder ${folder} does not exist`);
  const file = await stat(path).catch(() => undefined);
  if (file?.isDirectory()) throw new Error(`${path}: expected a file, got a folder`);
}

/**
 * Creates the file with the mode 0600, which SQLite also gives to `-wal` and `-shm`. Existing files
 * keep their mode. If creation fails, SQLite reports the reason afterwards.
 */
async function createFile(path: string): Promise<void> {
  const created = await open(path, "wx", ownerOnly).catch(() => undefined);
  await created?.close();
}

const ownerOnly = 0o600;
