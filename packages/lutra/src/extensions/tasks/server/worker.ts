/** What a process does for tasks in the background: runs what is ordered, sweeps what has expired. */
import { ProtocolError } from "../../../protocol/errors.ts";
import type { ExtensionHost } from "../../../server/extension.ts";
import type { TakenTask, TaskStore, TaskWorker } from "../../../stores/task-store.ts";
import type { CompleteTasksOptions } from "../options.ts";
import { type TaskRecord, type TaskRecords, toRecord } from "./records.ts";
import { eventOf, isAbandoned, type Outcome, runCall, TaskRun } from "./run.ts";
import { type Running, unreferenced } from "./running.ts";
import { createLosses, Stop } from "./stop.ts";
import { taskSettings } from "./tool-settings.ts";
import { createTurns } from "./turns.ts";

export interface WorkerInit {
  readonly host: ExtensionHost;
  readonly records: TaskRecords;
  readonly running: Running;
  readonly options: CompleteTasksOptions;
}

/** How many tasks one sweep takes out of the store at a time, and how many times. */
const sweepBatch = 500;
const sweepBatches = 20;

/**
 * The share of `maxLostRuns` from which a task runs apart from others like it. Low enough that those
 * that a killing task took with it are not at the limit when it no longer can; high enough that bad
 * luck seldom comes so far, since tasks that run apart wait for each other.
 */
const apartShare = 2 / 3;

/** Starts to work for a store. */
export function startWorker(store: TaskStore, init: WorkerInit): TaskWorker {
  const { host, options } = init;
  const onError = (error: unknown) => host.onError(error, "tasks");
  const run = taskRunner(init);
  const { concurrency, maxLostRuns } = options;
  const apartFrom = Math.max(1, Math.floor(maxLostRuns * apartShare));
  const worker = store.work({ concurrency, apartFrom, run, onError });
  let isSweeping = false;
  const timer = unreferenced(
    setInterval(() => {
      if (isSweeping) return;
      isSweeping = true;
      sweep(store)
        .catch(onError)
        .finally(() => {
          isSweeping = false;
        });
    }, options.sweepIntervalMs),
  );
  return {
    close: async (graceMs) => {
      clearInterval(timer);
      await worker.close(graceMs);
    },
  };
}

/** In batches, so that a store has time for other things; what is left waits for the next time. */
async function sweep(store: TaskStore): Promise<void> {
  for (let batch = 0; batch < sweepBatches; batch += 1) {
    if ((await store.sweep(sweepBatch)) < sweepBatch) return;
  }
}

function taskRunner(init: WorkerInit) {
  const takeTurn = createTurns();
  const losses = createLosses();
  return async (taskId: string, signal: AbortSignal, taken?: TakenTask): Promise<void> => {
    const stop = new Stop();
    const forgetLoss = losses.add(signal, () => stop.abort(signal.reason));
    // Before the first look, so that no cancellation falls in between. One that came after the task
    // was taken aborts at once, and makes a look necessary.
    const entry = init.running.add(taskId, (reason) => stop.abort(reason));
    try {
      const isFresh = taken !== undefined && !stop.aborted;
      const record = isFresh ? toRecord(taken.task) : await init.records.read(taskId);
      if (record === undefined || record.state.status !== "working") return;
      if (taken !== undefined && taken.lostRuns >= init.options.maxLostRuns) {
        return await giveUp(record, taken, init);
      }
      entry.expireIn(record.expiresAt === null ? null : record.expiresAt - init.host.now());
      await runTask(record, stop, { lost: signal, taken });
    } finally {
      entry.remove();
      forgetLoss();
    }
  };

  async function runTask(
    record: TaskRecord,
    stop: Stop,
    { lost, taken }: { readonly lost: AbortSignal; readonly taken: TakenTask | undefined },
  ) {
    const { host, records } = init;
    const taskRun = new TaskRun(records, record);
    const { round } = taskRun;
    const run = () => runCall(record, { host, stepLog: taskRun, stop });
    const outcome = await inTurn(record, run, stop);
    if (taskRun.failure !== undefined) throw taskRun.failure;
    if (!isAbandoned(outcome, stop)) {
      await taskRun.note(eventOf(outcome, round, host), taken?.replaceLast);
    } else if (lost.aborted) {
      // The order stands, so that whoever takes over runs it.
      throw lost.reason;
    }
  }

  /** Waits until the tool may run once more; being cancelled meanwhile is an outcome, too. */
  function inTurn(
    { state: { call } }: TaskRecord,
    run: () => Promise<Outcome>,
    stop: Stop,
  ): Promise<Outcome> {
    const definition = init.host.tool(call.name)?.definition;
    const limit = definition && taskSettings(definition).concurrency;
    if (limit === undefined) return run();
    return takeTurn(call.name, limit, stop.signal).then(
      (endTurn) => run().finally(endTurn),
      (error: unknown) => ({ error }),
    );
  }
}

/**
 * Ends a task that takes its processes with it, as far as anyone can tell.
 *
 * @spec ext-tasks/tasks#task-execution-errors
 */
async function giveUp(
  record: TaskRecord,
  { lostRuns, replaceLast }: TakenTask,
  { host, records }: WorkerInit,
): Promise<void> {
  const { taskId, state } = record;
  const reason = `given up after ${lostRuns} runs were lost with their process`;
  const error = new ProtocolError("internalError", `The task was ${reason}`);
  const run = new TaskRun(records, record);
  const after = await run.note(eventOf({ error }, run.round, host), replaceLast);
  if (after?.state.status !== "failed") return;
  host.onError(new Error(`task ${taskId} of the tool ${state.call.name}: ${reason}`), "tasks");
}
