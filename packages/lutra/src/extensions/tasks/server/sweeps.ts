/** Periodic deletion of expired tasks. */
import type { TaskStore } from "../../../stores/task-store.ts";
import { waitWithTimer } from "../../../stores/timer.ts";
import { unreferenced } from "./running-tasks.ts";

/** Maximum number of tasks in one batch. */
const batchSize = 500;
/** Pause between batches, in which the store serves other requests, in milliseconds. */
const batchPauseMs = 50;

export interface SweepOptions {
  readonly everyMs: number;
  readonly onError: (error: unknown) => void;
}

/** Starts to sweep. A sweep continues until nothing is left. Returns a function that stops it. */
export function startSweeps(store: TaskStore, { everyMs, onError }: SweepOptions): () => void {
  const stopped = new AbortController();
  let isSweeping = false;

  async function sweep(): Promise<void> {
    if (isSweeping) return;
    isSweeping = true;
    try {
      while (!stopped.signal.aborted && (await store.sweep(batchSize)) >= batchSize) {
        await waitWithTimer(batchPauseMs, stopped.signal);
      }
    } catch (error) {
      onError(error);
    } finally {
      isSweeping = false;
    }
  }

  const timer = unreferenced(setInterval(() => void sweep(), everyMs));
  return () => {
    clearInterval(timer);
    stopped.abort();
  };
}
