import type {
  StoredTask,
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

/** A task of version 1 that nobody else uses. */
export function freshTask(changes: Partial<StoredTask> = {}): StoredTask {
  return { taskId: freshId(), version: 1, expiresAt: Date.now() + 600_000, state: {}, ...changes };
}

/** The next version of a task. */
export function nextVersion(task: StoredTask, changes: Partial<StoredTask> = {}): StoredTask {
  return { ...task, ...changes, version: task.version + 1 };
}

/** Starts a worker, and collects what it tells `onError`. */
export function observe(
  store: TaskStore,
  run: TaskWorkerOptions["run"],
  concurrency = 4,
): { readonly worker: TaskWorker; readonly errors: unknown[] } {
  const errors: unknown[] = [];
  const worker = store.work({ concurrency, run, onError: (error) => errors.push(error) });
  return { worker, errors };
}
