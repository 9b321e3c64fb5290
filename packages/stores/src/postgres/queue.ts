/** The statements by which tasks and the queue's jobs change together. */
import { lockClass, queueSchema } from "./migrations.ts";

/** The only kind of job there is: to look whether a task is to be run. */
export const jobKind = "lutra_run";

/** What a job says. */
export interface Job {
  readonly taskId: string;
  /** As its row says, where a run was lost: known before the row is claimed. */
  readonly lostRuns?: number;
}

/** Far more tries than a job has before it is replaced by a new one. */
const maxAttempts = 1000;

/** The queue takes jobs with a lower one first. */
const priorities = { first: 1, again: 0 } as const;

/**
 * Adds the job of a task, or makes it due where it waits. `delayMs` is an SQL expression. The order
 * that a task is created with is its `first`; a task in whose middle somebody is comes before it.
 */
export function addJob(
  taskId: string,
  delayMs = "0",
  turn: keyof typeof priorities = "again",
): string {
  return addJobSaying(`'taskId', ${taskId}`, taskId, delayMs, turn);
}

/** The same for a task of which runs may have been lost. */
function addLostJob(delayMs = "0"): string {
  return addJobSaying("'taskId', task_id, 'lostRuns', lost_runs", "task_id", delayMs, "again");
}

function addJobSaying(
  members: string,
  taskId: string,
  delayMs: string,
  turn: keyof typeof priorities,
): string {
  return `${queueSchema}.add_job('${jobKind}', json_build_object(${members}),
    job_key => 'lutra:' || ${taskId}, max_attempts => ${maxAttempts}, priority => ${priorities[turn]},
    run_at => now() + ${delayMs} * interval '1 millisecond')`;
}

export function removeJob(taskId: string): string {
  return `${queueSchema}.remove_job('lutra:' || ${taskId})`;
}

/**
 * In the list of what a statement gives: its commit need not wait for the disk, because whatever
 * it notes is found out again after Postgres itself has crashed.
 */
export const withoutWaiting = "set_config('synchronous_commit', 'off', true)";

/** The numbers of the sessions whose processes live. */
const living = `
  SELECT objid::bigint::integer FROM pg_locks
  WHERE locktype = 'advisory' AND classid = ${lockClass} AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Whether anything belongs to a process that died. */
export const hasOrphans: string = `
  WITH living (id) AS MATERIALIZED (${living})
  SELECT EXISTS (SELECT 1 FROM lutra.tasks WHERE runner IS NOT NULL AND runner NOT IN (SELECT id FROM living))
    OR EXISTS (SELECT 1 FROM lutra.tasks WHERE holder IS NOT NULL AND holder NOT IN (SELECT id FROM living))
    OR EXISTS (SELECT 1 FROM lutra.pools WHERE session NOT IN (SELECT id FROM living)) AS found`;

/** Unlocks the jobs of dead processes, and forgets those that newer ones have replaced. */
export const unlockJobs: readonly string[] = [
  `WITH living (id) AS MATERIALIZED (${living}),
   dead AS (DELETE FROM lutra.pools WHERE session NOT IN (SELECT id FROM living) RETURNING pool_id)
   SELECT ${queueSchema}.force_unlock_workers(coalesce(array_agg(pool_id), '{}')) FROM dead`,
  `SELECT ${queueSchema}.complete_jobs(coalesce(array_agg(id), '{}')) FROM ${queueSchema}.jobs
   WHERE key IS NULL AND attempts >= max_attempts AND locked_at IS NULL`,
];

/** Makes due what dead processes ran or held. A process that closes in order leaves nothing. */
export const freeTasks: string = `
  WITH living (id) AS MATERIALIZED (${living}),
  freed AS (
    UPDATE lutra.tasks SET runner = NULL, holder = NULL, lost_runs = lost_runs + 1,
      orders = orders + (CASE duty WHEN 'hold' THEN 1 ELSE 0 END),
      duty = CASE WHEN duty = 'hold' THEN 'run' ELSE duty END
    WHERE (runner IS NOT NULL AND runner NOT IN (SELECT id FROM living))
      OR (holder IS NOT NULL AND holder NOT IN (SELECT id FROM living))
    RETURNING task_id, duty, lost_runs)
  SELECT ${addLostJob()} FROM freed WHERE duty = 'run'`;

/** Gives to others what a process holds that closes. */
export const handOverHeld: string = `
  WITH freed AS (
    UPDATE lutra.tasks SET holder = NULL, orders = orders + 1, duty = 'run', lost_runs = 0
    WHERE holder = $1 RETURNING task_id)
  SELECT ${addJob("task_id")} FROM freed`;

/** Gives back what a living process can no longer have, and undoes that others took it for dead. */
export const forgiveLoss: string = `
  WITH given AS (
    UPDATE lutra.tasks SET runner = nullif(runner, $2::integer),
      lost_runs = CASE WHEN runner = $2::integer THEN lost_runs ELSE greatest(lost_runs - 1, 0) END
    WHERE task_id = $1 RETURNING task_id, duty, runner, lost_runs)
  SELECT ${addLostJob()} FROM given WHERE duty = 'run' AND runner IS NULL`;

/** Lets a task wait that is not run beside others that are running here. */
export const putOff: string = `
  SELECT ${addLostJob("$2::integer")} FROM lutra.tasks
  WHERE task_id = $1 AND duty = 'run' AND runner IS NULL`;

/** Adds the jobs of tasks that have none, of so many: a net below everything else. */
export const mendQueue: string = `
  SELECT ${addLostJob()} FROM lutra.tasks
  WHERE duty = 'run' AND runner IS NULL AND NOT EXISTS (
    SELECT 1 FROM ${queueSchema}.jobs WHERE key = 'lutra:' || task_id AND attempts < max_attempts)
  LIMIT 1000`;
