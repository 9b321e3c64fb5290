/** Background work of a process: runs scheduled tasks, and deletes expired ones. */
import { ProtocolError } from "../../../protocol/errors.ts";
import type { ExtensionHost } from "../../../server/extension.ts";
import type { TakenTask, TaskStore, TaskWorker } from "../../../stores/task-store.ts";
import type { CompleteTasksOptions } from "../options.ts";
import { LazyAbortController } from "./lazy-abort.ts";
import { type TaskRecord, type TaskRecords, toRecord } from "./records.ts";
import { type RunningTasks, unreferenced } from "./running-tasks.ts";
import { isAbandoned, type Outcome, runTaskRound, TaskRound } from "./task-round.ts";
import { taskSettings } from "./tool-settings.ts";
import { createTurns } from "./turns.ts";

export interface WorkerInit {
  readonly host: ExtensionHost;
  readonly records: TaskRecords;
  readonly running: RunningTasks;
  readonly options: CompleteTasksOptions;
}

/** Maximum number of tasks in one batch of a sweep, and of batches in one sweep. */
const sweepBatch = 500;
const sweepBatches = 20;

/**
 * The share of `maxLostAttempts` from which a task runs isolated. It is below 1, so that tasks that
 * were lost only because another task killed their process are isolated before they reach the
 * limit. It is not much lower, because isolated tasks wait for each other, and tasks should seldom
 * be isolated by chance.
 */
const isolatedShare = 2 / 3;

/** Starts a worker and the periodic sweep. */
export function startWorker(store: TaskStore, init: WorkerInit): TaskWorker {
  const { host, options } = init;
  const onError = (error: unknown) => host.onError(error, "tasks");
  const { concurrency, maxLostAttempts } = options;
  const isolateFrom = Math.max(1, Math.floor(maxLostAttempts * isolatedShare));
  const worker = store.work({ concurrency, isolateFrom, run: taskRunner(init), onError });
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

/**
 * Deletes expired tasks in batches, so that the store can serve other requests in between. The next
 * sweep continues with the rest.
 */
async function sweep(store: TaskStore): Promise<void> {
  for (let batch = 0; batch < sweepBatches; batch += 1) {
    if ((await store.sweep(sweepBatch)) < sweepBatch) return;
  }
}

function taskRunner(init: WorkerInit) {
  const { host, records, running, options } = init;
  const takeTurn = createTurns();

  return async (taken: TakenTask): Promise<void> => {
    const { taskId } = taken.task;
    const controller = new LazyAbortController();
    const abort = (reason: unknown) => controller.abort(reason);
    const removeListener = taken.onLost(abort);
    // Calls `abort` immediately if the task was cancelled after the claim.
    const entry = running.add(taskId, abort);
    try {
      const record = controller.aborted ? await records.read(taskId) : toRecord(taken.task);
      if (record?.state.status !== "working") return;
      const round = new TaskRound({ records, record, taken, controller });
      if (taken.lostAttempts >= options.maxLostAttempts) return await giveUp(round, taken, init);
      entry.expireIn(record.expiresAt === null ? null : record.expiresAt - host.now());
      await runTask(record, round, controller);
    } finally {
      entry.remove();
      removeListener();
    }
  };

  async function runTask(record: TaskRecord, round: TaskRound, controller: LazyAbortController) {
    const run = () => runTaskRound(record, { host, stepLog: round, controller });
    const outcome = await inTurn(record, run, controller);
    if (round.failure !== undefined) throw round.failure;
    if (!isAbandoned(outcome, controller)) await round.end(outcome, host);
  }

  /** Runs the round as soon as the tool's concurrency limit allows it. */
  function inTurn(
    { state: { call } }: TaskRecord,
    run: () => Promise<Outcome>,
    controller: LazyAbortController,
  ): Promise<Outcome> {
    const definition = host.tool(call.name)?.definition;
    const limit = definition && taskSettings(definition).concurrency;
    if (limit === undefined) return run();
    return takeTurn(call.name, limit, controller.signal).then(
      (endTurn) => run().finally(endTurn),
      (error: unknown) => ({ error }),
    );
  }
}

/**
 * Fails a task that appears to kill the processes that run it.
 *
 * @spec ext-tasks/tasks#task-execution-errors
 */
async function giveUp(round: TaskRound, taken: TakenTask, { host }: WorkerInit): Promise<void> {
  const { taskId, state } = toRecord(taken.task);
  const reason = `given up after ${taken.lostAttempts} attempts were lost with their process`;
  const error = new ProtocolError("internalError", `The task was ${reason}`);
  const after = await round.end({ error }, host);
  if (after?.state.status !== "failed") return;
  host.onError(new Error(`task ${taskId} of the tool ${state.call.name}: ${reason}`), "tasks");
}
