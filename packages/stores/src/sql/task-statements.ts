/**
 * Statements on the table of tasks. Its columns that are not part of a task:
 *
 * - `duty`: `run` when a task is ordered to run, else null. Earlier versions also wrote `hold`, for
 *   tasks that the process in `holder` ran itself.
 * - `due_at`: the time from which an ordered task may run
 * - `orders`: number of orders; `taken`: its value at the current claim
 * - `runner`: the session of the current attempt; `runs`: the number of claims so far
 * - `rejections`, `lost_runs`: attempts in a row that were rejected, or lost with their process
 */
import { type SqlEngine, sweepMarginMs } from "./engine.ts";

type Statements<Name extends string> = { readonly [name in Name]: string };

/** The differences between the engines. */
export interface TaskDialect extends Pick<SqlEngine, "schema" | "skipLocked" | "present"> {
  /** The present as `due_at` has it: `$5` by the clock of the store, `now()` by that of the engine. */
  readonly dueNow: "$5" | "now()";
  /**
   * Returns the end of a pause, as `due_at` has it. The parameter is that time if `dueNow` is `$5`,
   * and else the duration in milliseconds.
   */
  readonly dueLater: (parameter: string) => string;
  /** Extends a statement so that it wakes the workers of all processes. */
  readonly waking: (sql: string) => string;
  /** The values of a task that its creator runs. Also take the number of its session. */
  readonly held: string;
}

export interface TaskStatements {
  readonly dueNow: TaskDialect["dueNow"];
  /** Parameters: id, version, expiry, state, and now if `dueNow` is `$5`. */
  readonly insert: Statements<"keep" | "run" | "hold">;
  /**
   * Deletes a held task as it was created, and not another one with its id. Parameters: id, session,
   * state.
   */
  readonly discard: string;
  /** Parameters: id, version, expiry, state, now. */
  readonly replace: Statements<"keep" | "progress" | "run" | "drop">;
  /**
   * As `replace`, while a claim is current. Also take the claim's number and session; `pause` also
   * takes the parameter of `dueLater`.
   */
  readonly replaceClaimed: Statements<"keep" | "progress" | "end" | "pause">;
  /** Returns a row when a task exists and a claim is no longer its current one. */
  readonly findOtherClaim: string;
  readonly find: string;
  /** Parameters: the maximum number of tasks, the maximum length of a state, and now. */
  readonly list: string;
  readonly sweep: string;
  /** Ends a current attempt. Parameters: id, number, session, end, and that of `dueLater`. */
  readonly settle: string;
}

/** The columns of a claimed task. */
export const claimedColumns: string = `
  task_id AS "taskId", runs, runner, rejections, lost_runs AS "lostAttempts", version,
  CAST(expires_at AS float8) AS "expiresAt", CAST(state AS text) AS state`;

/** The changes of a claim. An expired task is only taken off the schedule, and has no runner. */
export function claimChanges(now: string, session: string): string {
  const unlessExpired = (value: string) =>
    `CASE WHEN coalesce(expires_at > ${now}, true) THEN ${value} END`;
  return `duty = ${unlessExpired("duty")}, taken = orders, runs = runs + 1,
    runner = ${unlessExpired(`CAST(${session} AS integer)`)}`;
}

export function taskStatements(dialect: TaskDialect): TaskStatements {
  const { schema, skipLocked, present, dueNow, dueLater, waking, held } = dialect;
  const table = `${schema}tasks`;
  const columns =
    "(task_id, version, expires_at, state, due_at, orders, duty, taken, runs, runner)";
  const insert = (values: string) => `INSERT INTO ${table} ${columns} ${values}`;
  const fresh = (duty: string) =>
    insert(`VALUES ($1, $2, $3, $4, ${dueNow}, 1, ${duty}, NULL, 0, NULL)`);
  const update = (changes: string) => `
    UPDATE ${table} SET version = $2, expires_at = $3, state = $4, ${changes}
    WHERE task_id = $1 AND version + 1 = $2 AND (expires_at IS NULL OR expires_at > ${present("$5")})`;
  const isCurrent = "runs = $6 AND runner = $7";
  const reordered = "orders = orders + 1, rejections = 0, lost_runs = 0, holder = NULL";
  const [keep, progress] = [update("duty = duty"), update("lost_runs = 0")];
  return {
    dueNow,
    insert: { keep: fresh("NULL"), run: waking(fresh("'run'")), hold: insert(held) },
    discard: `DELETE FROM ${table}
      WHERE task_id = $1 AND runs = 1 AND runner = $2 AND CAST(state AS text) = $3`,
    replace: {
      keep,
      progress,
      drop: update(`duty = NULL, ${reordered}`),
      run: waking(update(`duty = 'run', due_at = ${dueNow}, ${reordered}`)),
    },
    replaceClaimed: {
      keep: `${keep} AND ${isCurrent}`,
      progress: `${progress} AND ${isCurrent}`,
      end: `${update(`duty = NULL, runner = NULL, ${reordered}`)} AND ${isCurrent}`,
      pause: `${update(
        `duty = 'run', runner = NULL, due_at = ${dueLater("$8")}, ${reordered}`,
      )} AND ${isCurrent}`,
    },
    findOtherClaim: `SELECT 1 FROM ${table} WHERE task_id = $1
      AND (runs <> $2 OR runner IS DISTINCT FROM CAST($3 AS integer))`,
    find: `SELECT version, CAST(expires_at AS float8) AS "expiresAt", CAST(state AS text) AS state
      FROM ${table} WHERE task_id = $1 AND (expires_at IS NULL OR expires_at > ${present("$2")})`,
    list: `SELECT task_id AS "taskId", version, CAST(expires_at AS float8) AS "expiresAt",
      CASE WHEN length(CAST(state AS text)) <= $2 THEN CAST(state AS text) END AS state,
      runs AS attempts, lost_runs AS "lostAttempts", rejections,
      CASE WHEN runner IS NULL THEN 0 ELSE 1 END AS "isRunning"
      FROM ${table} WHERE (expires_at IS NULL OR expires_at > ${present("$3")})
      ORDER BY due_at DESC LIMIT $1`,
    sweep: `DELETE FROM ${table} WHERE task_id IN (
      SELECT task_id FROM ${table} WHERE expires_at <= ${present("$1")} - ${sweepMarginMs}
      ORDER BY expires_at LIMIT $2 ${skipLocked})`,
    settle: `UPDATE ${table} SET runner = NULL, lost_runs = 0,
      duty = CASE WHEN $4 = 'done' AND duty = 'run' AND orders = taken THEN NULL ELSE duty END,
      rejections = rejections + CAST($4 = 'rejected' AND orders = taken AS integer),
      due_at = CASE WHEN orders = taken THEN ${dueLater("$5")} ELSE due_at END
      WHERE task_id = $1 AND runs = $2 AND runner = $3`,
  };
}
