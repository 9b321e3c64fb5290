/** Background work of a process: runs scheduled tasks, and deletes expired ones. */
import type { ExtensionHost } from "../../../server/extension.ts";
import type { TakenTask, TaskStore, TaskWorker } from "../../../stores/task-store.ts";
import type { CompleteTasksOptions } from "../options.ts";
import { LazyAbortController } from "./lazy-abort.ts";
import { type TaskRecord, type TaskRecords, toRecord } from "./records.ts";
import type { RunningTasks } from "./running-tasks.ts";
import { startSweeps } from "./sweeps.ts";
import { isAbandoned, type Outcome, runTaskRound, TaskRound } from "./task-round.ts";
import { taskSettings } from "./tool-settings.ts";
import { createTurns } from "./turns.ts";
import { giveUpLost, isRepeated, leave } from "./unrun-tasks.ts";

export interface WorkerInit {
  readonly host: ExtensionHost;
  readonly records: TaskRecords;
  readonly running: RunningTasks;
  readonly options: CompleteTasksOptions;
}

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
  const onRunError = (error: unknown) => {
    if (!isRepeated(error)) onError(error);
  };
  const run = taskRunner(init);
  const worker = store.work({ concurrency, isolateFrom, run, onError: onRunError });
  const stopSweeps = startSweeps(store, { everyMs: options.sweepIntervalMs, onError });
  return {
    close: async (graceMs) => {
      stopSweeps();
      await worker.close(graceMs);
    },
  };
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
      const lost = taken.lostAttempts;
      if (lost >= options.maxLostAttempts) return await giveUpLost(round, lost, host);
      const { rejections } = taken;
      const isKnown = host.tool(record.state.call.name) !== undefined;
      if (!isKnown) return await leave(round, { record, rejections }, host);
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
    else await requireEnd(record.taskId);
  }

  /** Rejects the attempt at a task that has not ended, so that the task runs again. */
  async function requireEnd(taskId: string): Promise<void> {
    const record = await records.read(taskId);
    if (record?.state.status !== "working") return;
    throw new Error(`task ${taskId}: aborted before its end; is the clock of this process ahead?`);
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
