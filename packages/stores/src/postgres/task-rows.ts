/** The statements on tasks that need Postgres. `due_at` is a time of its clock. */
import {
  claimChanges,
  claimedColumns,
  type TaskStatements,
  taskStatements,
} from "../sql/task-statements.ts";
import { dialect } from "./connection.ts";
import type { Namespace } from "./namespace.ts";

/** The statements of one store. */
export interface TaskRows {
  readonly statements: TaskStatements;
  /**
   * Claims due tasks. Parameters: session, now, limit, the `lost_runs` from which tasks run isolated,
   * and whether one such task may be claimed. The commit does not wait for the disk, because a claim
   * that Postgres loses in a crash can be made again.
   */
  readonly claim: string;
  readonly settle: string;
  /**
   * Releases the task of a living process whose session has ended, or takes back that others counted
   * the attempt as lost. Parameters: id, number, session.
   */
  readonly settleLost: string;
  /**
   * Releases the tasks of dead processes. Only sessions that were dead at the start count, because
   * others may have begun meanwhile.
   */
  readonly releaseDead: string;
}

const isDue = "duty = 'run' AND runner IS NULL AND due_at <= now()";

export function taskRows({ schema, tasksChannel, lockClass }: Namespace): TaskRows {
  const table = `${schema}tasks`;
  const notify = `SELECT pg_notify('${tasksChannel}', '')`;
  const statements = taskStatements({
    ...dialect,
    schema,
    dueNow: "now()",
    dueLater: (ms) => `now() + CAST(${ms} AS float8) * interval '1 ms'`,
    waking: (sql) => `WITH changed AS (${sql} RETURNING task_id) ${notify} FROM changed`,
    held: "VALUES ($1, $2, $3, $4, now(), 1, 'run', 1, 1, $5)",
  });
  return {
    statements,
    claim: claimOf(table),
    settle: `
      WITH ended AS (${statements.settle} RETURNING duty, due_at)
      ${notify} FROM ended WHERE duty = 'run' AND due_at <= now()`,
    settleLost: `${lostOf(table)}
      ${notify} FROM ended WHERE duty = 'run' AND runner IS NULL`,
    releaseDead: `${releasedOf(table, lockClass)}
      ${notify} FROM released WHERE duty = 'run'`,
  };
}

function claimOf(table: string): string {
  return `
  WITH others AS MATERIALIZED (
    SELECT task_id FROM ${table} WHERE ${isDue} AND lost_runs < $4::float8
    ORDER BY (runs > 0 OR orders > 1) DESC, due_at LIMIT $3 FOR UPDATE SKIP LOCKED),
  isolated AS MATERIALIZED (
    SELECT task_id FROM ${table} WHERE ${isDue} AND lost_runs > 0 AND lost_runs >= $4::float8
      AND $5::boolean
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED),
  claimed (id) AS (
    SELECT task_id FROM isolated UNION ALL SELECT task_id FROM others LIMIT $3)
  UPDATE ${table} SET ${claimChanges(dialect.present("$2"), "$1")}
  FROM claimed WHERE task_id = id
  RETURNING ${claimedColumns}, set_config('synchronous_commit', 'off', true)`;
}

function lostOf(table: string): string {
  return `
  WITH ended AS (
    UPDATE ${table} SET runner = nullif(runner, $3::integer),
      lost_runs = CASE WHEN runs = $2 AND runner = $3::integer THEN lost_runs
        ELSE greatest(lost_runs - 1, 0) END
    WHERE task_id = $1 RETURNING duty, runner)`;
}

function releasedOf(table: string, lockClass: number): string {
  return `
  WITH living (id) AS MATERIALIZED (${livingOf(lockClass)}),
  dead (id) AS MATERIALIZED (
    SELECT runner FROM ${table}
    WHERE runner IS NOT NULL AND runner NOT IN (SELECT id FROM living)
    UNION SELECT holder FROM ${table}
    WHERE holder IS NOT NULL AND holder NOT IN (SELECT id FROM living)),
  released AS (
    UPDATE ${table} SET runner = NULL, holder = NULL, lost_runs = lost_runs + 1, due_at = now(),
      orders = orders + CASE duty WHEN 'hold' THEN 1 ELSE 0 END,
      duty = CASE WHEN duty = 'hold' THEN 'run' ELSE duty END
    WHERE (runner IS NOT NULL AND runner = ANY (ARRAY(SELECT id FROM dead)))
      OR (holder IS NOT NULL AND holder = ANY (ARRAY(SELECT id FROM dead)))
    RETURNING duty)`;
}

/** Selects the numbers of the sessions whose processes are alive. */
function livingOf(lockClass: number): string {
  return `
  SELECT objid::bigint::integer FROM pg_locks
  WHERE locktype = 'advisory' AND classid = ${lockClass} AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
}
