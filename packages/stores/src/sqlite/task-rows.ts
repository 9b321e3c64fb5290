/**
 * Statements on the table of tasks. Its columns that are not part of a task:
 *
 * - `duty`: `run` when a task is ordered to run, else null. Earlier versions also wrote `hold`, for
 *   tasks that the process in `holder` ran itself.
 * - `due_at`: the time from which an ordered task may run, in milliseconds since 1970
 * - `orders`: number of orders; `taken`: its value at the current claim
 * - `runner`: the session of the current attempt; `runs`: the number of claims so far
 * - `has_begun`: true once the task has run or been ordered again
 * - `rejections`, `lost_runs`: attempts in a row that were rejected, or lost with their process
 */

type Statements<Name extends string> = { readonly [name in Name]: string };

/** Parameters of all statements that write a task: id, version, now, expiry, state. */
const columns = "(task_id, version, expires_at, state, due_at, orders, duty, taken, runs, runner)";

export const insert: Statements<"keep" | "run" | "hold"> = {
  keep: `INSERT INTO tasks ${columns} VALUES (?1, ?2, ?4, ?5, ?3, 1, NULL, NULL, 0, NULL)`,
  run: `INSERT INTO tasks ${columns} VALUES (?1, ?2, ?4, ?5, ?3, 1, 'run', NULL, 0, NULL)`,
  /** Also takes the session, which must not have ended. */
  hold: `INSERT INTO tasks ${columns}
    SELECT ?1, ?2, ?4, ?5, ?3, 1, 'run', 1, 1, id FROM sessions WHERE id = ?6`,
};

const reordered = "orders = orders + 1, rejections = 0, lost_runs = 0, holder = NULL";

function update(changes: string): string {
  return `UPDATE tasks SET version = ?2, expires_at = ?4, state = ?5, ${changes}
    WHERE task_id = ?1 AND version = ?2 - 1 AND (expires_at IS NULL OR expires_at > ?3)`;
}

export const replace: Statements<"keep" | "progress" | "run" | "drop"> = {
  keep: update("duty = duty"),
  progress: update("lost_runs = 0"),
  drop: update(`duty = NULL, ${reordered}`),
  run: update(`duty = 'run', due_at = ?3, ${reordered}`),
};

/** As `replace`, while a claim is current. Also take the claim's number and session. */
export const replaceClaimed: Statements<"keep" | "progress" | "end"> = {
  keep: `${replace.keep} AND runs = ?6 AND runner = ?7`,
  progress: `${replace.progress} AND runs = ?6 AND runner = ?7`,
  end: `${update(`duty = NULL, runner = NULL, ${reordered}`)} AND runs = ?6 AND runner = ?7`,
};

/** Returns a row when a task exists and a claim is no longer its current one. */
export const findOtherClaim: string =
  "SELECT 1 FROM tasks WHERE task_id = ?1 AND (runs <> ?2 OR runner IS NOT ?3)";

export const find: string = `
  SELECT version, expires_at AS expiresAt, state FROM tasks
  WHERE task_id = ?1 AND (expires_at IS NULL OR expires_at > ?2)`;

export const sweep: string = `
  DELETE FROM tasks WHERE task_id IN (
    SELECT task_id FROM tasks WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)`;

const isOrdered = "duty = 'run' AND runner IS NULL";

/**
 * The earliest due time. Parameters: the `lost_runs` from which tasks run isolated, and whether one
 * of those may be claimed.
 */
export const nextDueAt: string = `
  SELECT min(due_at) AS dueAt FROM tasks WHERE ${isOrdered} AND (?2 OR lost_runs < ?1)`;

/**
 * Claims due tasks while the session lasts; takes off the schedule those that have expired.
 * Parameters: now, session, limit, and those of `nextDueAt`.
 */
export const claim: string = `
  UPDATE tasks SET
    duty = CASE WHEN coalesce(expires_at > ?1, 1) THEN duty END,
    runner = CASE WHEN coalesce(expires_at > ?1, 1) THEN ?2 END,
    taken = orders, runs = runs + 1
  WHERE EXISTS (SELECT 1 FROM sessions WHERE id = ?2) AND task_id IN (
    SELECT task_id FROM tasks INDEXED BY tasks_turn WHERE ${isOrdered} AND due_at <= ?1
      AND (lost_runs < ?4 OR task_id = (
        SELECT task_id FROM tasks INDEXED BY tasks_lost
        WHERE ${isOrdered} AND due_at <= ?1 AND lost_runs > 0 AND lost_runs >= ?4 AND ?5
        ORDER BY due_at LIMIT 1))
    ORDER BY has_begun DESC, due_at LIMIT ?3)
  RETURNING task_id AS taskId, runs, runner, rejections, lost_runs AS lostRuns, version,
    expires_at AS expiresAt, state`;

/** Ends a current attempt. Parameters: id, number, session, due time, end. */
export const settle: string = `
  UPDATE tasks SET runner = NULL, lost_runs = 0,
    duty = CASE WHEN ?5 = 'done' AND duty = 'run' AND orders = taken THEN NULL ELSE duty END,
    rejections = rejections + (?5 = 'rejected' AND orders = taken),
    due_at = CASE WHEN orders = taken THEN ?4 ELSE due_at END
  WHERE task_id = ?1 AND runs = ?2 AND runner = ?3`;

const isOrphan = (column: string) =>
  `${column} IS NOT NULL AND ${column} NOT IN (SELECT id FROM sessions)`;

export const hasOrphans: string = `
  SELECT EXISTS (SELECT 1 FROM tasks WHERE ${isOrphan("runner")})
    OR EXISTS (SELECT 1 FROM tasks WHERE ${isOrphan("holder")}) AS found`;

/** Releases tasks whose session has ended. Parameters: the due time, and 1 for lost attempts. */
export const releaseOrphans: string = `
  UPDATE tasks SET runner = NULL, holder = NULL, due_at = ?1,
    lost_runs = CASE WHEN ?2 THEN lost_runs + 1 ELSE 0 END,
    orders = orders + (duty IS 'hold'), duty = CASE WHEN duty IS 'hold' THEN 'run' ELSE duty END
  WHERE (${isOrphan("runner")}) OR (${isOrphan("holder")})`;
