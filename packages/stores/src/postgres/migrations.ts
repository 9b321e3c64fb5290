/** The tables of a store, version by version. Released versions never change. */
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { clientOptions, codeOf, connectTo, describeFailure } from "./connection.ts";
import { type Namespace, namespaceOf } from "./namespace.ts";

/** The second key of the lock around migrations. Sessions use the numbers from 1. */
const migrationLock = 0;

/**
 * Maximum time that a migration waits for the lock of other migrations, and for a table, since other
 * statements queue behind it.
 */
const lockTimeoutMs = 1000;
const lockPauseMs = 1000;

/**
 * The changes from each version to the next one. The first creates version 1. They name the schema
 * `lutra`, which is replaced by that of the store.
 */
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
  // For lists of the tasks that were scheduled last.
  "CREATE INDEX tasks_scheduled ON lutra.tasks (due_at)",
];

export interface MigrateOptions {
  /** Number of tries for a lock that others hold, a second apart. @default 30 */
  readonly lockTries?: number;
  /** The names of the store. @default those without a prefix */
  readonly namespace?: Namespace;
}

/**
 * Brings a database to the newest version. Replicas may do so at the same time: one of them makes
 * the changes, and the others wait for it, for about a minute. The lock ends with the transaction,
 * so that no pooler can keep it.
 *
 * @throws {Error} for a database of a later version, one that is unusable, and one that others lock
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<void> {
  const { lockTries = 30, namespace = namespaceOf() } = options;
  // A migration may take longer than other statements.
  const { query_timeout: _query, ...patient } = clientOptions(url);
  const client = await connectTo(url, patient);
  try {
    if ((await versionOf(client, namespace)) === migrations.length) return;
    await migrateWhenUnlocked(client, { url, lockTries, namespace });
  } finally {
    await client.end().catch(() => {});
  }
}

async function migrateWhenUnlocked(
  client: pg.Client,
  { url, lockTries, namespace }: Required<MigrateOptions> & { readonly url: string },
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await migrateTables(client, namespace);
      return;
    } catch (error) {
      if (codeOf(error) !== "55P03") throw error;
      if (tries === lockTries)
        throw await describeLock(client, { url, lockClass: namespace.lockClass, cause: error });
    }
    await delay(lockPauseMs);
  }
}

async function migrateTables(client: pg.Client, namespace: Namespace): Promise<void> {
  const { name, schema, lockClass } = namespace;
  await client.query("BEGIN");
  try {
    await client.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
    await client.query("SELECT pg_advisory_xact_lock($1, $2)", [lockClass, migrationLock]);
    await client.query(
      `CREATE SCHEMA IF NOT EXISTS ${name};
       CREATE TABLE IF NOT EXISTS ${schema}schema_version (version integer NOT NULL)`,
    );
    const version = await versionOf(client, namespace);
    for (const migration of migrations.slice(version)) {
      await client.query(migration.replaceAll("lutra.", schema));
    }
    if (version < migrations.length) {
      await client.query(`DELETE FROM ${schema}schema_version`);
      await client.query(`INSERT INTO ${schema}schema_version VALUES ($1)`, [migrations.length]);
    }
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}

/** Returns the version of the tables, or 0 if there are none. Takes no lock that others wait for. */
async function versionOf(client: pg.Client, { schema }: Namespace): Promise<number> {
  const { rows: tables } = await client.query<{ readonly exists: boolean }>(
    `SELECT to_regclass('${schema}schema_version') IS NOT NULL AS exists`,
  );
  if (tables[0]?.exists !== true) return 0;
  const { rows } = await client.query<{ readonly version: number }>(
    `SELECT version FROM ${schema}schema_version`,
  );
  const version = rows[0]?.version ?? 0;
  if (version > migrations.length) {
    throw new Error(
      `postgres: the store has version ${version}, and this program knows versions up to ${migrations.length}; run a newer one`,
    );
  }
  return version;
}

/** Returns the error for locks that were not released in time, with the process that holds one. */
async function describeLock(
  client: pg.Client,
  { url, lockClass, cause }: { url: string; lockClass: number; cause: unknown },
): Promise<Error> {
  const { rows } = await client.query<{ readonly pid: number; readonly application_name: string }>(
    `SELECT pid, application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND classid = $1 AND objid = $2 AND objsubid = 2 AND granted
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [lockClass, migrationLock],
  );
  const [holder] = rows;
  const said =
    holder === undefined
      ? "its tables are locked by other transactions; end those, and start again"
      : `process ${holder.pid} (${holder.application_name || "unnamed"}) holds the lock for migrations; ` +
        `if it does not migrate, end it: SELECT pg_terminate_backend(${holder.pid})`;
  const { message } = describeFailure(url, new Error(said));
  return new Error(message, { cause });
}
