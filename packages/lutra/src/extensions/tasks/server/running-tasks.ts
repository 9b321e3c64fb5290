/** The tasks that run in this process, so that cancellations from any replica reach them. */
import { TransportError } from "../../../protocol/transport-error.ts";
import { BoundedMap } from "../../../stores/bounded-map.ts";
import { type EventBus, eventGapTopic } from "../../../stores/event-bus.ts";
import { retryPauseMs } from "../../../stores/retry-pause.ts";
import { maxTimerMs } from "../../../time/max-timer.ts";
import { cancelledTopic, type TaskRecords } from "./records.ts";

export interface RunningTasks {
  /** Adds a task. `abort` is called when it is cancelled or expires. */
  readonly add: (taskId: string, abort: (reason: unknown) => void) => RunningTask;
  readonly close: () => void;
}

interface RunningTask {
  /** Sets the time until the task expires; `null` for never. */
  readonly expireIn: (ms: number | null) => void;
  readonly remove: () => void;
}

/** Number of cancellations that are remembered for tasks that were claimed but have not started. */
const maxRemembered = 1000;

export interface RunningTasksOptions {
  readonly events: EventBus;
  readonly read: TaskRecords["read"];
  readonly onError: (error: unknown) => void;
}

export function createRunningTasks({ events, read, onError }: RunningTasksOptions): RunningTasks {
  const aborts = new Map<string, Set<(reason: unknown) => void>>();
  const cancelled = new BoundedMap<string, true>({ maxEntries: maxRemembered });
  const abortAll = (taskId: string, reason: unknown) => {
    for (const abort of aborts.get(taskId) ?? []) abort(reason);
  };
  const onCancelled = (taskId: string) => {
    cancelled.set(taskId, true);
    abortAll(taskId, cancelledError());
  };
  const subscribed = [
    events.subscribe(cancelledTopic, ({ taskId }) => onCancelled(taskId as string)),
    // The lost events may include a cancellation.
    events.subscribe(eventGapTopic, () => {
      for (const taskId of aborts.keys()) void readAgain(taskId);
    }),
  ];

  /**
   * Reads a task, and aborts it if it was cancelled or has expired. After a failure, reads again
   * after a pause, because the cause of the gap may affect the store as well.
   */
  async function readAgain(taskId: string, failures = 0): Promise<void> {
    try {
      const record = await read(taskId);
      if (record === undefined) abortAll(taskId, expiredError());
      else if (record.state.status === "cancelled") abortAll(taskId, cancelledError());
    } catch (error) {
      onError(error);
      const retry = () => {
        if (aborts.has(taskId)) void readAgain(taskId, failures + 1);
      };
      unreferenced(setTimeout(retry, retryPauseMs(failures + 1)));
    }
  }

  return {
    add: (taskId, abort) => {
      const all = aborts.get(taskId) ?? new Set();
      aborts.set(taskId, all.add(abort));
      if (cancelled.has(taskId)) abort(cancelledError());
      let timer: ReturnType<typeof setTimeout> | undefined;
      const expire = () => abort(expiredError());
      return {
        expireIn: (ms) => {
          if (ms === null || ms > maxTimerMs) return;
          timer = unreferenced(setTimeout(expire, Math.max(0, ms)));
        },
        remove: () => {
          clearTimeout(timer);
          all.delete(abort);
          if (all.size === 0) aborts.delete(taskId);
        },
      };
    },
    close: () => {
      for (const unsubscribe of subscribed) unsubscribe();
    },
  };
}

export function cancelledError(): TransportError {
  return new TransportError("aborted", "the task was cancelled");
}

export function expiredError(): TransportError {
  return new TransportError("aborted", "the task has expired");
}

/** Lets the process end before the timer fires. In browsers a timer is a number. */
export function unreferenced<T>(timer: T): T {
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    (timer as { readonly unref: () => void }).unref();
  }
  return timer;
}
