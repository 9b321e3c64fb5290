/**
 * Statements on the table of tasks. Its columns that are not part of a task:
 *
 * - `duty`: `run` when a task is ordered to run, else null. Earlier versions also wrote `hold`, for
 *   tasks that the process in `holder` ran itself.
 * - `due_at`: the time from which an ordered task may run, by the clock of Postgres
 * - `orders`: number of orders; `taken`: its value at the current claim
 * - `runner`: the session of the current attempt; `runs`: the number of claims so far
 * - `rejections`, `lost_runs`: attempts in a row that were rejected, or lost with their process
 */
import { lockClass, tasksChannel } from "./migrations.ts";

type Statements<Name extends string> = { readonly [name in Name]: string };

const notify = `SELECT pg_notify('${tasksChannel}', '')`;
const reordered = "orders = orders + 1, rejections = 0, lost_runs = 0, holder = NULL";

/** Parameters of all statements that write a task: id, version, now, expiry, state. */
const assignments = "version = $2::integer, expires_at = $4::bigint, state = $5::json";
const isPreviousVersion = `task_id = $1::text AND version = $2::integer - 1
  AND (expires_at IS NULL OR expires_at > $3::bigint)`;

const columns = "(task_id, version, expires_at, state, duty, orders, taken, runs, runner)";
const inserted = "$1::text, $2::integer, $4::bigint, $5::json";
const unless = "WHERE $3::bigint IS NOT NULL";

export const insert: Statements<"keep" | "run" | "hold"> = {
  keep: `INSERT INTO lutra.tasks ${columns} SELECT ${inserted}, NULL, 1, NULL::integer, 0, NULL::integer
    ${unless}`,
  run: `
    WITH added AS (
      INSERT INTO lutra.tasks ${columns} SELECT ${inserted}, 'run', 1, NULL::integer, 0, NULL::integer ${unless}
      RETURNING task_id)
    ${notify} FROM added`,
  /** Also takes the session. */
  hold: `
    INSERT INTO lutra.tasks ${columns}
    SELECT ${inserted}, 'run', 1, 1, 1, $6::integer ${unless}`,
};

function update(changes: string): string {
  return `UPDATE lutra.tasks SET ${assignments}, ${changes} WHERE ${isPreviousVersion}`;
}

export const replace: Statements<"keep" | "progress" | "run" | "drop"> = {
  keep: update("duty = duty"),
  progress: update("lost_runs = 0"),
  drop: update(`duty = NULL, ${reordered}`),
  run: `
    WITH changed AS (${update(`duty = 'run', due_at = now(), ${reordered}`)} RETURNING task_id)
    ${notify} FROM changed`,
};

/** As `replace`, while a claim is current. Also take the claim's number and session. */
export const replaceClaimed: Statements<"keep" | "progress" | "end"> = {
  keep: `${replace.keep} AND runs = $6 AND runner = $7`,
  progress: `${replace.progress} AND runs = $6 AND runner = $7`,
  end: `${update(`duty = NULL, runner = NULL, ${reordered}`)} AND runs = $6 AND runner = $7`,
};

/** Returns a row when a task exists and a claim is no longer its current one. */
export const findOtherClaim: string = `
  SELECT 1 FROM lutra.tasks
  WHERE task_id = $1 AND (runs <> $2 OR runner IS DISTINCT FROM $3::integer)`;

export const find: string = `
  SELECT version, expires_at::float8 AS "expiresAt", state FROM lutra.tasks
  WHERE task_id = $1 AND (expires_at IS NULL OR expires_at > $2)`;

export const sweep: string = `
  DELETE FROM lutra.tasks WHERE task_id IN (
    SELECT task_id FROM lutra.tasks WHERE expires_at <= $1
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`;

const isDue = "duty = 'run' AND runner IS NULL AND due_at <= now()";

/**
 * Claims due tasks; takes off the schedule those that have expired. Parameters: session, now, limit,
 * the `lost_runs` from which tasks run isolated, and whether one such task may be claimed. The commit
 * does not wait for the disk, because a claim that Postgres loses in a crash can be made again.
 */
export const claim: string = `
  WITH others AS MATERIALIZED (
    SELECT task_id FROM lutra.tasks WHERE ${isDue} AND lost_runs < $4::float8
    ORDER BY (runs > 0 OR orders > 1) DESC, due_at LIMIT $3 FOR UPDATE SKIP LOCKED),
  isolated AS MATERIALIZED (
    SELECT task_id FROM lutra.tasks WHERE ${isDue} AND lost_runs > 0 AND lost_runs >= $4::float8
      AND $5::boolean
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED),
  claimed AS (
    SELECT task_id FROM isolated UNION ALL SELECT task_id FROM others LIMIT $3)
  UPDATE lutra.tasks t SET
    duty = CASE WHEN coalesce(expires_at > $2::bigint, true) THEN duty END,
    runner = CASE WHEN coalesce(expires_at > $2::bigint, true) THEN $1::integer END,
    taken = orders, runs = runs + 1
  FROM claimed WHERE t.task_id = claimed.task_id
  RETURNING t.task_id AS "taskId", runs, runner, rejections, lost_runs AS "lostRuns", version,
    expires_at::float8 AS "expiresAt", state, set_config('synchronous_commit', 'off', true)`;

/** Ends a current attempt. Parameters: id, number, session, end, pause in milliseconds. */
export const settle: string = `
  WITH ended AS (
    UPDATE lutra.tasks SET runner = NULL, lost_runs = 0,
      duty = CASE WHEN $4 = 'done' AND duty = 'run' AND orders = taken THEN NULL ELSE duty END,
      rejections = rejections + ($4 = 'rejected' AND orders = taken)::integer,
      due_at = CASE WHEN orders = taken THEN now() + $5::integer * interval '1 ms' ELSE due_at END
    WHERE task_id = $1 AND runs = $2 AND runner = $3
    RETURNING duty, due_at)
  ${notify} FROM ended WHERE duty = 'run' AND due_at <= now()`;

/**
 * Releases the task of a living process whose session has ended, or takes back that others counted
 * the attempt as lost. Parameters: id, number, session.
 */
export const settleLost: string = `
  WITH ended AS (
    UPDATE lutra.tasks SET runner = nullif(runner, $3::integer),
      lost_runs = CASE WHEN runs = $2 AND runner = $3::integer THEN lost_runs
        ELSE greatest(lost_runs - 1, 0) END
    WHERE task_id = $1 RETURNING duty, runner)
  ${notify} FROM ended WHERE duty = 'run' AND runner IS NULL`;

/** The numbers of the sessions whose processes are alive. */
const living = `
  SELECT objid::bigint::integer FROM pg_locks
  WHERE locktype = 'advisory' AND classid = ${lockClass} AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/**
 * Releases the tasks of dead processes. Only sessions that were dead at the start count, because
 * others may have begun meanwhile.
 */
export const releaseDead: string = `
  WITH living (id) AS MATERIALIZED (${living}),
  dead (id) AS MATERIALIZED (
    SELECT runner FROM lutra.tasks
    WHERE runner IS NOT NULL AND runner NOT IN (SELECT id FROM living)
    UNION SELECT holder FROM lutra.tasks
    WHERE holder IS NOT NULL AND holder NOT IN (SELECT id FROM living)),
  released AS (
    UPDATE lutra.tasks SET runner = NULL, holder = NULL, lost_runs = lost_runs + 1, due_at = now(),
      orders = orders + CASE duty WHEN 'hold' THEN 1 ELSE 0 END,
      duty = CASE WHEN duty = 'hold' THEN 'run' ELSE duty END
    WHERE (runner IS NOT NULL AND runner = ANY (ARRAY(SELECT id FROM dead)))
      OR (holder IS NOT NULL AND holder = ANY (ARRAY(SELECT id FROM dead)))
    RETURNING duty)
  ${notify} FROM released WHERE duty = 'run'`;
