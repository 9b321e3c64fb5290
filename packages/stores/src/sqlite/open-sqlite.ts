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
  /** Hears what goes wrong in the background. @default console.error */
  readonly onError?: (error: unknown) => void;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** How long to wait after so many rejections of a run in a row. @default 1 s, 2 s ... 1 min */
  readonly retryPauseMs?: (rejections: number) => number;
}

/** What one file keeps. */
export interface SqliteStore {
  readonly tasks: TaskStore;
  readonly handles: HandleStore;
  readonly replayGuard: ReplayGuard;
  /** Hands over what this process runs and holds, and closes the file. */
  readonly close: () => Promise<void>;
}

/**
 * Opens a file, or makes one for its owner alone where its folder exists, and brings its tables up to
 * date. All processes of one machine may have it open. It must not lie on a network drive.
 *
 * @throws {Error} for a missing folder, a file of something else or of a later version
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
  await makeFile(path);
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

/** SQLite only says that it could not open the file. */
async function requireFolder(path: string): Promise<void> {
  const folder = dirname(path);
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined) throw new Error(`${path}: the folder ${folder} does not exist`);
  const file = await stat(path).catch(() => undefined);
  if (file?.isDirectory()) throw new Error(`${path}: expected a file, found a folder`);
}

/**
 * What tasks are about is for nobody else; SQLite makes the files beside it like it. Whoever has made
 * a file decides, and why one can't be made SQLite says.
 */
async function makeFile(path: string): Promise<void> {
  const made = await open(path, "wx", ownerOnly).catch(() => undefined);
  await made?.close();
}

const ownerOnly = 0o600;

function reportError(error: unknown): void {
  console.error("lutra: the store in SQLite:", error);
}
