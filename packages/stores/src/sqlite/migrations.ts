/** The tables of a store, version by version. Released versions never change. */
import type { Database } from "./database.ts";

/** Marks the file as a store: "Lutr". */
const applicationId = 0x4c_75_74_72;

/** The changes from each version to the next one. The first creates version 1. */
export const migrations: readonly string[] = [
  `CREATE TABLE sessions (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     place TEXT NOT NULL,
     pid INTEGER NOT NULL,
     started TEXT NOT NULL,
     renewed_at INTEGER NOT NULL
   );
   CREATE TABLE tasks (
     task_id TEXT PRIMARY KEY,
     version INTEGER NOT NULL,
     expires_at INTEGER,
     state TEXT NOT NULL,
     duty TEXT CHECK (duty IN ('run', 'hold')),
     orders INTEGER NOT NULL DEFAULT 0,
     rejections INTEGER NOT NULL DEFAULT 0,
     due_at INTEGER NOT NULL DEFAULT 0,
     holder INTEGER,
     runner INTEGER,
     runs INTEGER NOT NULL DEFAULT 0,
     taken INTEGER
   );
   CREATE INDEX tasks_due ON tasks (due_at) WHERE duty = 'run' AND runner IS NULL;
   CREATE INDEX tasks_expiry ON tasks (expires_at) WHERE expires_at IS NOT NULL;
   CREATE INDEX tasks_holder ON tasks (holder) WHERE holder IS NOT NULL;
   CREATE INDEX tasks_runner ON tasks (runner) WHERE runner IS NOT NULL;`,
  `CREATE TABLE handles (
     scope TEXT NOT NULL,
     id TEXT NOT NULL,
     version INTEGER NOT NULL,
     expires_at INTEGER,
     value TEXT NOT NULL,
     PRIMARY KEY (scope, id)
   );
   CREATE INDEX handles_expiry ON handles (expires_at) WHERE expires_at IS NOT NULL;`,
  `CREATE TABLE claims (
     id TEXT PRIMARY KEY,
     expires_at INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE INDEX claims_expiry ON claims (expires_at);`,
  // Tasks that have run or been ordered before take precedence, then the earliest due time.
  `ALTER TABLE tasks ADD COLUMN has_begun INTEGER AS (runs > 0 OR orders > 1);
   CREATE INDEX tasks_turn ON tasks (has_begun DESC, due_at) WHERE duty = 'run' AND runner IS NULL;`,
  // The number of attempts in a row that were lost with their process.
  `ALTER TABLE tasks ADD COLUMN lost_runs INTEGER NOT NULL DEFAULT 0;
   DROP INDEX tasks_due;
   CREATE INDEX tasks_due ON tasks (due_at, lost_runs) WHERE duty = 'run' AND runner IS NULL;
   CREATE INDEX tasks_lost ON tasks (due_at)
     WHERE duty = 'run' AND runner IS NULL AND lost_runs > 0;`,
  // For lists of the tasks that were scheduled last.
  "CREATE INDEX tasks_scheduled ON tasks (due_at)",
];

/**
 * Brings a file to the newest version. Processes may do so at the same time: one of them makes the
 * changes, and the others wait for it.
 *
 * @throws {Error} for a file of a later version, or of another application
 */
export async function migrate(database: Database, path: string): Promise<void> {
  await database.run((connection) => connection.exec("PRAGMA journal_mode = WAL"));
  await database.run((connection) =>
    connection.transaction(() => {
      const from = versionOf(connection, path);
      for (const migration of migrations.slice(from)) connection.exec(migration);
      if (from === migrations.length) return;
      connection.exec(`PRAGMA application_id = ${applicationId}`);
      connection.exec(`PRAGMA user_version = ${migrations.length}`);
    }),
  );
}

function versionOf(database: Database, path: string): number {
  const [found] = database.rows<{ readonly id: number; readonly version: number; tables: number }>(
    `SELECT application_id AS id, user_version AS version,
       (SELECT count(*) FROM sqlite_master) AS tables
     FROM pragma_application_id, pragma_user_version`,
  );
  const { id, version, tables } = found ?? { id: 0, version: 0, tables: 0 };
  if (id !== applicationId && (id !== 0 || version !== 0 || tables > 0)) {
    throw new Error(`${path}: expected a store of Lutra, got a database of another application`);
  }
  if (version > migrations.length) {
    throw new Error(
      `${path}: the store has version ${version}, and this program knows versions up to ${migrations.length}; run a newer one`,
    );
  }
  return version;
}
