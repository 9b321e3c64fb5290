/** Takes due tasks from a SQLite file and runs them. */
import { setTimeout as delay } from "node:timers/promises";
import type { JSONObject } from "lutra/protocol";
import type { StoredTask, TakenTask, TaskWorkerOptions } from "lutra/stores";
import type { Database } from "./database.ts";
import type { Session } from "./session.ts";

/** How often a worker asks whether another process has changed the file, in milliseconds. */
const lookEveryMs = 40;
/** How often it looks for processes that died, in milliseconds. */
const reapEveryMs = 500;

export interface SqliteTaskWorkerOptions extends TaskWorkerOptions {
  readonly database: Database;
  readonly session: Session;
  readonly now: () => number;
  readonly retryPauseMs: (rejections: number) => number;
  /** Replaces a task and notes that this run of it has ended; false where it has changed. */
  readonly end: (task: StoredTask, run: Claim) => Promise<boolean>;
}

/** What tells a run of a task from all others: whose it is, and the how manyth. */
export interface Claim {
  readonly runs: number;
  readonly runner: number;
}

interface Taken extends Claim {
  readonly taskId: string;
  readonly rejections: number;
  readonly lostRuns: number;
  readonly task: StoredTask;
}

interface ClaimedRow {
  readonly taskId: string;
  readonly runs: number;
  readonly rejections: number;
  readonly lostRuns: number;
  readonly isKept: number;
  readonly version: number;
  readonly expiresAt: number | null;
  readonly state: string;
}

interface Run extends Taken {
  readonly aborter: AbortController;
  readonly ended: Promise<void>;
}

export class SqliteTaskWorker {
  readonly #options: SqliteTaskWorkerOptions;
  readonly #running = new Set<Run>();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #forgetSession: () => void;
  #isClosed = false;
  #isNudged = false;
  #isTaking = false;
  #isReaping = false;
  #shallTake = true;
  #dataVersion = -1;
  #nextDueAt = Number.POSITIVE_INFINITY;
  #reapedAt = Number.NEGATIVE_INFINITY;

  constructor(options: SqliteTaskWorkerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref();
    this.#forgetSession = options.session.onLost(() => {
      for (const { aborter } of this.#running) aborter.abort();
    });
    queueMicrotask(() => this.#look());
  }

  /** Says that something is due. What is said in one turn of the event loop is taken together. */
  nudge(): void {
    this.#shallTake = true;
    if (this.#isNudged) return;
    this.#isNudged = true;
    setImmediate(() => {
      this.#isNudged = false;
      this.#look();
    });
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    const over = new AbortController();
    const ended = Promise.all([...this.#running].map((run) => run.ended));
    const grace = delay(graceMs, undefined, { signal: over.signal }).catch(() => {});
    await Promise.race([ended, grace]);
    over.abort();
    this.#forgetSession();
    for (const run of this.#running) {
      run.aborter.abort();
      await this.#settle(run, "released");
    }
    this.#running.clear();
  }

  #look(): void {
    const { database, now, onError } = this.#options;
    if (this.#isClosed || !database.isOpen) return;
    try {
      if (this.#hasChanged() || now() >= this.#nextDueAt) this.#shallTake = true;
    } catch (error) {
      onError(error);
    }
    if (this.#shallTake && !this.#isTaking) void this.#take();
    if (!this.#isReaping && performance.now() - this.#reapedAt >= reapEveryMs) void this.#reap();
  }

  /** True when another connection has written since the last look. This reads shared memory only. */
  #hasChanged(): boolean {
    const sql = "SELECT data_version AS version FROM pragma_data_version";
    const [row] = this.#options.database.rows<{ readonly version: number }>(sql);
    const version = row?.version ?? -1;
    if (version === this.#dataVersion) return false;
    this.#dataVersion = version;
    return true;
  }

  async #take(): Promise<void> {
    const { concurrency, onError } = this.#options;
    this.#isTaking = true;
    try {
      while (this.#shallTake && !this.#isClosed && this.#running.size < concurrency) {
        this.#shallTake = false;
        for (const taken of await this.#claim()) this.#start(taken);
      }
    } catch (error) {
      this.#shallTake = true;
      onError(error);
    } finally {
      this.#isTaking = false;
    }
  }

  /** Takes as many due tasks as there is room for. */
  async #claim(): Promise<readonly Taken[]> {
    const { database, session, now, concurrency, apartFrom = Infinity } = this.#options;
    const room = concurrency - this.#running.size;
    const mayTakeApart = [...this.#running].every(({ lostRuns }) => lostRuns < apartFrom) ? 1 : 0;
    const runner = await session.id();
    const isDue = "duty = 'run' AND runner IS NULL";
    return database.run((connection) => {
      const [first] = connection.rows<{ readonly dueAt: number | null }>(
        `SELECT min(due_at) AS dueAt FROM tasks WHERE ${isDue} AND (?2 OR lost_runs < ?1)`,
        apartFrom,
        mayTakeApart,
      );
      this.#nextDueAt = first?.dueAt ?? Number.POSITIVE_INFINITY;
      if (this.#nextDueAt > now()) return [];
      this.#nextDueAt = Number.POSITIVE_INFINITY;
      // What has expired is given up at the same time, so that it is not found again.
      const taken = connection.rows<ClaimedRow>(
        `UPDATE tasks SET
           duty = CASE WHEN coalesce(expires_at, ?1 + 1) > ?1 THEN duty END,
           runner = CASE WHEN coalesce(expires_at, ?1 + 1) > ?1 THEN ?2 END,
           taken = orders, runs = runs + 1
         WHERE task_id IN (
           SELECT task_id FROM tasks INDEXED BY tasks_turn WHERE ${isDue} AND due_at <= ?1
             AND (lost_runs < ?4 OR task_id = (
               SELECT task_id FROM tasks INDEXED BY tasks_lost
               WHERE ${isDue} AND due_at <= ?1 AND lost_runs > 0 AND lost_runs >= ?4 AND ?5
               ORDER BY due_at LIMIT 1))
           ORDER BY has_begun DESC, due_at LIMIT ?3)
         RETURNING task_id AS taskId, runs, rejections, lost_runs AS lostRuns, runner IS NOT NULL AS isKept,
           version, expires_at AS expiresAt, state`,
        now(),
        runner,
        room,
        apartFrom,
        mayTakeApart,
      );
      // There may be more, and what becomes due later must be known.
      this.#shallTake = true;
      return taken.filter(({ isKept }) => isKept).map((row) => toTaken(row, runner));
    });
  }

  #start(taken: Taken): void {
    if (this.#isClosed) {
      void this.#settle(taken, "released");
      return;
    }
    const { run: perform, onError, end } = this.#options;
    const aborter = new AbortController();
    let isNoted = false;
    const given: TakenTask = {
      task: taken.task,
      lostRuns: taken.lostRuns,
      replaceLast: async (task) => {
        isNoted = await end(task, taken);
        return isNoted;
      },
    };
    const attempt = async (): Promise<void> => {
      let outcome: "done" | "rejected" = "done";
      try {
        await perform(taken.taskId, aborter.signal, given);
      } catch (error) {
        outcome = "rejected";
        onError(error);
      }
      if (!this.#running.has(run)) return;
      if (!isNoted) await this.#settle(taken, outcome);
      this.#running.delete(run);
      this.nudge();
    };
    const run: Run = { ...taken, aborter, ended: Promise.resolve().then(attempt) };
    this.#running.add(run);
  }

  /** Notes the end of a run, unless somebody else has the task by now. */
  async #settle(
    { taskId, runs, runner, rejections }: Taken,
    outcome: "done" | "rejected" | "released",
  ): Promise<void> {
    const { database, now, retryPauseMs, onError } = this.#options;
    const dueAt = outcome === "rejected" ? now() + retryPauseMs(rejections + 1) : now();
    const sql = `
      UPDATE tasks SET runner = NULL,
        duty = CASE WHEN ?5 = 'done' AND duty = 'run' AND orders = taken THEN NULL ELSE duty END,
        rejections = CASE WHEN ?5 = 'rejected' AND orders = taken THEN rejections + 1
          ELSE rejections END,
        lost_runs = 0,
        due_at = CASE WHEN orders = taken THEN ?4 ELSE due_at END
      WHERE task_id = ?1 AND runs = ?2 AND runner = ?3`;
    try {
      await database.run((connection) =>
        connection.changes(sql, taskId, runs, runner, dueAt, outcome),
      );
    } catch (error) {
      // The lease ends with the process at the latest; until then the task waits.
      onError(error);
    }
  }

  async #reap(): Promise<void> {
    this.#isReaping = true;
    this.#reapedAt = performance.now();
    try {
      if (await this.#options.session.reap()) this.nudge();
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#isReaping = false;
    }
  }
}

function toTaken(row: ClaimedRow, runner: number): Taken {
  const { taskId, runs, rejections, lostRuns, version, expiresAt } = row;
  const state = JSON.parse(row.state) as JSONObject;
  const task = { taskId, version, expiresAt, state };
  return { taskId, runs, rejections, lostRuns, runner, task };
}
