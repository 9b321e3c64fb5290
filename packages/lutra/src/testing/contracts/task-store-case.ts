import type {
  StoredTask,
  TakenTask,
  TaskStore,
  TaskWorker,
  TaskWorkerOptions,
} from "../../stores/task-store.ts";
import { freshId } from "./contract-case.ts";

/** A case that needs two stores over the same data. */
export interface TaskStoreCase {
  readonly name: string;
  readonly body: (one: TaskStore, other: TaskStore) => Promise<void>;
}

/** Returns a task of version 1 with a new id. */
export function freshTask(changes: Partial<StoredTask> = {}): StoredTask {
  return { taskId: freshId(), version: 1, expiresAt: Date.now() + 600_000, state: {}, ...changes };
}

/** Returns the next version of a task. */
export function nextVersion(task: StoredTask, changes: Partial<StoredTask> = {}): StoredTask {
  return { ...task, ...changes, version: task.version + 1 };
}

/** Runs a task, with a signal that aborts when the attempt is lost. */
export type Run = (taskId: string, signal: AbortSignal, taken: TakenTask) => Promise<void>;

/** Adapts a function to `TaskWorkerOptions`. */
export function running(run: Run): TaskWorkerOptions["run"] {
  return (taken) => {
    const controller = new AbortController();
    taken.onLost((reason) => controller.abort(reason));
    return run(taken.task.taskId, controller.signal, taken);
  };
}

/** Starts a worker, and collects the errors that it reports. */
export function observe(
  store: TaskStore,
  run: Run,
  concurrency = 4,
): { readonly worker: TaskWorker; readonly errors: unknown[] } {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const worker = store.work({ concurrency, run: running(run), onError });
  return { worker, errors };
}
