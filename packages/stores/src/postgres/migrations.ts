/** The tables of a store, version by version. A version that was released is never changed. */
import { Logger, runMigrations } from "graphile-worker";
import pg from "pg";
import { clientOptions, describeFailure } from "./connection.ts";

/** Where the queue keeps its own tables, apart from those of an application that uses it, too. */
export const queueSchema = "lutra_queue";
/** The first half of all advisory locks of ours: "Lutr". */
export const lockClass = 0x4c_75_74_72;
/** The second half, of the lock around migrations. Sessions have the numbers between these two. */
const migrationLock = 0;
/** Only one worker at a time gives away what dead processes left; this is its lock. */
export const reapLock = 0x7f_ff_ff_ff;

/** What each version adds to the one before; the first makes version 1. */
export const migrations: readonly string[] = [
  `CREATE SEQUENCE lutra.sessions AS integer MAXVALUE 2147483646 CYCLE;
   CREATE TABLE lutra.tasks (
     task_id text PRIMARY KEY,
     version integer NOT NULL,
     expires_at bigint,
     state json NOT NULL,
     duty text CHECK (duty IN ('run', 'hold')),
     orders integer NOT NULL DEFAULT 0,
     rejections integer NOT NULL DEFAULT 0,
     holder integer,
     runner integer,
     runs integer NOT NULL DEFAULT 0,
     taken integer
   );
   CREATE INDEX tasks_expiry ON lutra.tasks (expires_at) WHERE expires_at IS NOT NULL;
   CREATE INDEX tasks_holder ON lutra.tasks (holder) WHERE holder IS NOT NULL;
   CREATE INDEX tasks_runner ON lutra.tasks (runner) WHERE runner IS NOT NULL;
   CREATE INDEX tasks_waiting ON lutra.tasks (task_id) WHERE duty = 'run' AND runner IS NULL;
   CREATE TABLE lutra.pools (pool_id text PRIMARY KEY, session integer NOT NULL);`,
  `CREATE TABLE lutra.handles (
     scope text NOT NULL,
     id text NOT NULL,
     version integer NOT NULL,
     expires_at bigint,
     value json NOT NULL,
     PRIMARY KEY (scope, id)
   );
   CREATE INDEX handles_expiry ON lutra.handles (expires_at) WHERE expires_at IS NOT NULL;
   CREATE TABLE lutra.claims (id text PRIMARY KEY, expires_at bigint NOT NULL);
   CREATE INDEX claims_expiry ON lutra.claims (expires_at);`,
  `CREATE TABLE lutra.events (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     message text NOT NULL,
     published_at timestamptz NOT NULL DEFAULT now()
   );
   CREATE INDEX events_published ON lutra.events (published_at);`,
  // How many runs were lost with their process, one after the other.
  "ALTER TABLE lutra.tasks ADD COLUMN lost_runs integer NOT NULL DEFAULT 0",
];

/**
 * Brings a database to the newest version, the queue's tables included. Many replicas may do so at
 * once: one works, the others wait and find it done.
 *
 * @throws {Error} for a database of a later version, or one that can't be used
 */
export async function migrate(url: string): Promise<void> {
  const { query_timeout: _query, statement_timeout: _statement, ...patient } = clientOptions(url);
  const client = new pg.Client(patient);
  client.on("error", () => {});
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => {});
    throw describeFailure(url, error);
  }
  try {
    await client.query("SELECT pg_advisory_lock($1, $2)", [lockClass, migrationLock]);
    await migrateTables(client);
    await migrateQueue(url);
  } finally {
    // The lock ends with the connection.
    await client.end().catch(() => {});
  }
}

async function migrateTables(client: pg.Client): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(
      `CREATE SCHEMA IF NOT EXISTS lutra;
       CREATE TABLE IF NOT EXISTS lutra.schema_version (version integer NOT NULL)`,
    );
    const { rows } = await client.query<{ readonly version: number }>(
      "SELECT version FROM lutra.schema_version",
    );
    const version = rows[0]?.version ?? 0;
    if (version > migrations.length) {
      throw new Error(
        `postgres: the store has version ${version}, and this program knows versions up to ${migrations.length}; run a newer one`,
      );
    }
    for (const migration of migrations.slice(version)) await client.query(migration);
    await client.query("DELETE FROM lutra.schema_version");
    await client.query("INSERT INTO lutra.schema_version VALUES ($1)", [migrations.length]);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

function migrateQueue(url: string): Promise<void> {
  return runMigrations({ connectionString: url, schema: queueSchema, logger: silent });
}

/** The queue would write to the console; what matters of it reaches `onError` as events. */
export const silent: Logger = new Logger(() => () => {});
