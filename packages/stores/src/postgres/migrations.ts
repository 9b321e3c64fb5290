/** The tables of a store, version by version. Released versions never change. */
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { clientOptions, codeOf, describeFailure } from "./connection.ts";

/** The channels of events, and of wake-ups for workers. */
export const eventsChannel = "lutra_events";
export const tasksChannel = "lutra_tasks";

/** The first key of all advisory locks of a store: "Lutr". */
export const lockClass = 0x4c_75_74_72;
/** The second key of the lock around migrations. Sessions use the numbers from 1. */
const migrationLock = 0;

/** Maximum time that a migration waits for a table, since other statements queue behind it. */
const lockTimeoutMs = 1000;
/** Number of tries, and the pause between them, for tables that others use. */
const lockTries = 30;
const lockPauseMs = 1000;

/** The changes from each version to the next one. The first creates version 1. */
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
  "ALTER TABLE lutra.tasks ADD COLUMN lost_runs integer NOT NULL DEFAULT 0",
  // Workers claim rows directly. Earlier versions, which may still be running, keep their queue in
  // the schema `lutra_queue` and in `lutra.pools`.
  `ALTER TABLE lutra.tasks ADD COLUMN due_at timestamptz NOT NULL DEFAULT now();
   CREATE INDEX tasks_due ON lutra.tasks ((runs > 0 OR orders > 1) DESC, due_at)
     WHERE duty = 'run' AND runner IS NULL;
   CREATE INDEX tasks_lost ON lutra.tasks (due_at)
     WHERE duty = 'run' AND runner IS NULL AND lost_runs > 0;
   DROP INDEX lutra.tasks_waiting;`,
];

/**
 * Brings a database to the newest version. Replicas may do so at the same time: one of them makes
 * the changes, and the others wait for it.
 *
 * @throws {Error} for a database of a later version, or one that is unusable
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
    await migrateWhenUnlocked(client);
  } finally {
    // The end of the connection releases the lock.
    await client.end().catch(() => {});
  }
}

async function migrateWhenUnlocked(client: pg.Client): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await migrateTables(client);
      return;
    } catch (error) {
      const isLocked = codeOf(error) === "55P03";
      if (!isLocked || tries === lockTries) throw error;
    }
    await delay(lockPauseMs);
  }
}

async function migrateTables(client: pg.Client): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(
      `SET LOCAL lock_timeout = ${lockTimeoutMs};
       CREATE SCHEMA IF NOT EXISTS lutra;
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
    if (version < migrations.length) {
      await client.query("DELETE FROM lutra.schema_version");
      await client.query("INSERT INTO lutra.schema_version VALUES ($1)", [migrations.length]);
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}
