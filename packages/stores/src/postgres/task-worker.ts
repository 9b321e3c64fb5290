/**
 * Runs tasks that the queue says are due. The queue wakes workers and hands each job to one of them;
 * that a task has one runner at a time is said by its row, and that the runner lives by the lock of
 * its session.
 */
import { EventEmitter } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type Runner, run as runQueue, type WorkerEvents } from "graphile-worker";
import type { JSONObject } from "lutra/protocol";
import type { StoredTask, TakenTask, TaskWorkerOptions } from "lutra/stores";
import { type Connection, toStoreError } from "./connection.ts";
import { queueSchema, silent } from "./migrations.ts";
import {
  addJob,
  forgiveLoss,
  type Job,
  jobKind,
  mendQueue,
  putOff,
  withoutWaiting,
} from "./queue.ts";
import { reap } from "./reap.ts";
import type { Session } from "./session.ts";

/** How often a worker looks for processes that died, in milliseconds. */
const reapEveryMs = 1000;
/** Every how manyth time it also looks for tasks that the queue has lost. */
const mendEvery = 10;
/** How often it asks the queue where no notification came, in milliseconds. */
const pollEveryMs = 1000;
/** For how long jobs that are done are collected before the queue forgets them together. */
const completeEveryMs = 10;
/** How long a task waits, in milliseconds, that is not run beside another one. */
const putOffMs = 1000;
/** How often it tries to note the end of a run, in milliseconds. */
const settleEveryMs = 500;

export interface PostgresTaskWorkerOptions extends TaskWorkerOptions {
  readonly connection: Connection;
  readonly session: Session;
  readonly now: () => number;
  readonly retryPauseMs: (rejections: number) => number;
  /** Replaces a task and notes that this run of it has ended; false where it has changed. */
  readonly end: (task: StoredTask, run: Claim) => Promise<boolean>;
}

/** What tells a run of a task from all others. */
export interface Claim {
  readonly runner: number;
  readonly runs: number;
}

interface Taken extends Claim {
  readonly taskId: string;
  readonly rejections: number;
  readonly lostRuns: number;
  readonly task: StoredTask;
}

interface ClaimedRow {
  readonly runs: number;
  readonly rejections: number;
  readonly lostRuns: number;
  readonly version: number;
  readonly expiresAt: number | null;
  readonly state: JSONObject;
}

/** `noted` is done, and noted along with the task's last change. */
type Outcome = "done" | "noted" | "rejected" | "released" | "lost";

interface Run extends Taken {
  readonly aborter: AbortController;
  readonly ended: Promise<Outcome>;
  /** Ends the wait for a run that goes on. */
  readonly letGo: (outcome: Outcome) => void;
  readonly outcome: Promise<Outcome>;
}

export class PostgresTaskWorker {
  readonly #options: PostgresTaskWorkerOptions;
  readonly #running = new Set<Run>();
  readonly #leave: () => void;
  readonly #reaper: ReturnType<typeof setInterval>;
  #runner: Promise<Runner | undefined>;
  #poolId = "";
  #isClosed = false;
  #isReaping = false;
  #isRunningApart = false;
  #reaps = 0;

  constructor(options: PostgresTaskWorkerOptions) {
    this.#options = options;
    this.#runner = this.#startQueue();
    this.#leave = options.session.add({
      onBegin: (session) => void this.#register(session),
      onLost: () => this.#letGo("lost"),
    });
    this.#reaper = setInterval(() => void this.#reap(), reapEveryMs).unref();
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#reaper);
    const stopped = this.#runner.then((runner) => runner?.stop()).catch(() => {});
    const waiting = new AbortController();
    const grace = delay(graceMs, undefined, { signal: waiting.signal }).catch(() => {});
    await Promise.race([stopped, grace]);
    waiting.abort();
    this.#letGo("released");
    await stopped;
    this.#leave();
  }

  /** Makes the queue's own worker; again, after a pause, where that fails. */
  async #startQueue(): Promise<Runner | undefined> {
    const { connection, concurrency, session, onError } = this.#options;
    const events: WorkerEvents = new EventEmitter();
    events.on("pool:create", ({ workerPool }) => {
      this.#poolId = workerPool.id;
    });
    events.on("worker:getJob:error", ({ error }) => onError(toStoreError(error)));
    try {
      const runner = await runQueue({
        pgPool: connection.pool,
        schema: queueSchema,
        concurrency,
        pollInterval: pollEveryMs,
        noHandleSignals: true,
        logger: silent,
        events,
        preset: { worker: { completeJobBatchDelay: completeEveryMs, failJobBatchDelay: 0 } },
        taskList: { [jobKind]: (payload) => this.#take(payload as Job) },
      });
      runner.promise.then(
        () => this.#restartQueue(),
        (error) => this.#restartQueue(error),
      );
      await this.#register(await session.id());
      return runner;
    } catch (error) {
      this.#restartQueue(error);
      return undefined;
    }
  }

  #restartQueue(error?: unknown): void {
    if (this.#isClosed) return;
    if (error !== undefined) this.#options.onError(toStoreError(error));
    this.#runner = delay(pollEveryMs, undefined, { ref: false }).then(() =>
      this.#isClosed ? undefined : this.#startQueue(),
    );
  }

  /** Says under which session the queue's worker lives, so that others free its jobs if it dies. */
  async #register(session: number): Promise<void> {
    if (this.#poolId === "") return;
    const sql = `INSERT INTO lutra.pools VALUES ($1, $2)
      ON CONFLICT (pool_id) DO UPDATE SET session = excluded.session`;
    try {
      await this.#options.connection.count(sql, [this.#poolId, session]);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  /**
   * One at a time of those that run apart. Their jobs say which these are, so that none is claimed
   * that another one could take with it.
   */
  async #take({ taskId, lostRuns = 0 }: Job): Promise<void> {
    const { apartFrom = Infinity } = this.#options;
    // The queue may have handed it out before it heard of the end.
    if (this.#isClosed) return this.#putOff(taskId, 0);
    if (lostRuns < apartFrom) return this.#perform(taskId);
    if (this.#isRunningApart) return this.#putOff(taskId, putOffMs);
    this.#isRunningApart = true;
    try {
      await this.#perform(taskId);
    } finally {
      this.#isRunningApart = false;
    }
  }

  async #putOff(taskId: string, ms: number): Promise<void> {
    await this.#options.connection.count(putOff, [taskId, ms]);
  }

  /** Runs a task, unless somebody else does, or nothing is ordered any longer. */
  async #perform(taskId: string): Promise<void> {
    const taken = await this.#claim(taskId, await this.#options.session.id());
    if (taken === undefined) return;
    // What ran has been let go of meanwhile; nobody would let go of this.
    if (this.#isClosed) return this.#settleSurely(taken, "released");
    const run = this.#start(taken);
    const outcome = await run.outcome;
    this.#running.delete(run);
    // A job whose run failed goes back only if nobody else has it; one that is done, always.
    if (outcome === "lost") {
      void this.#forgiveSurely(taken);
      throw new Error("the session was lost");
    }
    if (outcome === "noted") return;
    await this.#settleSurely(taken, outcome);
  }

  #start(taken: Taken): Run {
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
    const attempt = async (): Promise<Outcome> => {
      try {
        await perform(taken.taskId, aborter.signal, given);
        return isNoted ? "noted" : "done";
      } catch (error) {
        onError(error);
        return isNoted ? "noted" : "rejected";
      }
    };
    let letGo: (outcome: Outcome) => void = () => {};
    const released = new Promise<Outcome>((resolve) => {
      letGo = resolve;
    });
    const ended = attempt();
    const outcome = Promise.race([ended, released]);
    const run: Run = { ...taken, aborter, ended, letGo, outcome };
    this.#running.add(run);
    return run;
  }

  /** Lets go of all that runs. */
  #letGo(outcome: Outcome): void {
    for (const run of this.#running) {
      run.letGo(outcome);
      run.aborter.abort();
    }
  }

  async #claim(taskId: string, runner: number): Promise<Taken | undefined> {
    const { connection, now } = this.#options;
    const [row] = await connection.rows<ClaimedRow>(
      `UPDATE lutra.tasks SET runner = $2, taken = orders, runs = runs + 1
       WHERE task_id = $1 AND duty = 'run' AND runner IS NULL
         AND (expires_at IS NULL OR expires_at > $3)
       RETURNING runs, rejections, lost_runs AS "lostRuns", version, expires_at::float8 AS "expiresAt", state, ${withoutWaiting}`,
      [taskId, runner, now()],
    );
    if (row === undefined) return undefined;
    const { runs, rejections, lostRuns, version, expiresAt, state } = row;
    const task = { taskId, version, expiresAt, state };
    return { taskId, runner, runs, rejections, lostRuns, task };
  }

  /** Tries until it is noted, or others see by the session that nobody runs the task. */
  async #settleSurely(taken: Taken, outcome: Outcome): Promise<void> {
    for (;;) {
      try {
        await this.#settle(taken, outcome);
        return;
      } catch (error) {
        this.#options.onError(error);
        if (this.#isClosed || !this.#options.session.isLive(taken.runner)) throw error;
      }
      await delay(settleEveryMs, undefined, { ref: false });
    }
  }

  /** Whoever gets to say so has not died: the run was lost with a connection. */
  async #forgiveSurely({ taskId, runner }: Taken): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#options.connection.count(forgiveLoss, [taskId, runner]);
        return;
      } catch (error) {
        this.#options.onError(error);
      }
      await delay(settleEveryMs, undefined, { ref: false });
    }
  }

  /** Notes the end of a run, and orders the next one in the same transaction. */
  async #settle({ taskId, runs, runner, rejections }: Taken, outcome: Outcome): Promise<void> {
    const { connection, retryPauseMs } = this.#options;
    const pauseMs = outcome === "rejected" ? retryPauseMs(rejections + 1) : 0;
    await connection.count(
      `WITH ended AS (
         UPDATE lutra.tasks SET runner = NULL, lost_runs = 0,
           duty = CASE WHEN $4 = 'done' AND duty = 'run' AND orders = taken THEN NULL ELSE duty END,
           rejections = rejections + ($4 = 'rejected' AND orders = taken)::integer
         WHERE task_id = $1 AND runs = $2 AND runner = $3
         RETURNING task_id, duty, CASE WHEN orders = taken THEN $5::integer ELSE 0 END AS pause)
       SELECT ${addJob("task_id", "pause")} FROM ended WHERE duty = 'run'`,
      [taskId, runs, runner, outcome, pauseMs],
    );
  }

  async #reap(): Promise<void> {
    if (this.#isReaping) return;
    this.#isReaping = true;
    const { connection } = this.#options;
    try {
      await reap(connection);
      this.#reaps += 1;
      if (this.#reaps % mendEvery === 0) await connection.count(mendQueue, []);
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#isReaping = false;
    }
  }
}
