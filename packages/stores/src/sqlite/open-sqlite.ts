import { open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type HandleStore, type ReplayGuard, retryPauseMs, type TaskStore } from "lutra/stores";
import { reportOutages } from "../report-outages.ts";
import { Database } from "./database.ts";
import { createSqliteHandleStore } from "./handle-store.ts";
import { migrate } from "./migrations.ts";
import { createSqliteReplayGuard } from "./replay-guard.ts";
import { Session } from "./session.ts";
import { createSqliteTaskStore } from "./task-store.ts";

export interface SqliteOptions {
  /** Called with errors in the background. @default console.error */
  readonly onError?: (error: unknown) => void;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** Pause after so many rejected runs in a row, in milliseconds. @default 1 s, 2 s ... 1 min */
  readonly retryPauseMs?: (rejections: number) => number;
}

/** The stores in one file. */
export interface SqliteStore {
  readonly tasks: TaskStore;
  readonly handles: HandleStore;
  readonly replayGuard: ReplayGuard;
  /** Releases the tasks that this process runs, and closes the file. */
  readonly close: () => Promise<void>;
}

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
  const { now = Date.now } = options;
  const onError = reportOutages(options.onError ?? reportError);
  await requireFolder(path);
  await createFile(path);
  const database = new Database(path, true);
  try {
    await migrate(database, path);
  } catch (error) {
    database.close();
    throw error;
  }
  const workDatabase = new Database(path, false);
  const session = new Session({ database: workDatabase, now, onError });
  const tasks = createSqliteTaskStore({
    database,
    workDatabase,
    session,
    now,
    retryPauseMs: options.retryPauseMs ?? retryPauseMs,
  });
  return {
    tasks,
    handles: createSqliteHandleStore(database, now),
    replayGuard: createSqliteReplayGuard(database, now),
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

function reportError(error: unknown): void {
  console.error("lutra: error in the SQLite store:", error);
}
