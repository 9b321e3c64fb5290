/** What runs in this process, so that a cancellation from anywhere reaches it. */

import { TransportError } from "../../../protocol/transport-error.ts";
import { type EventBus, eventGapTopic } from "../../../stores/event-bus.ts";
import { retryPauseMs } from "../../../stores/retry-pause.ts";
import { maxTimerMs } from "../../../time/max-timer.ts";
import { cancelledTopic, type TaskRecords } from "./records.ts";
import { cancelledError } from "./run.ts";

export interface Running {
  /** Notes a run; `abort` is called when its task is cancelled, or no longer kept. */
  readonly add: (taskId: string, abort: (reason: unknown) => void) => RunningTask;
  readonly close: () => void;
}

export interface RunningTask {
  /** Says when the task will no longer be kept; `null` for never. */
  readonly expireIn: (ms: number | null) => void;
  readonly remove: () => void;
}

/** How many cancellations are remembered, for runs that have been taken and not yet begun. */
const maxRemembered = 1000;

export interface RunningOptions {
  readonly events: EventBus;
  readonly read: TaskRecords["read"];
  readonly onError: (error: unknown) => void;
}

export function createRunning({ events, read, onError }: RunningOptions): Running {
  const aborts = new Map<string, Set<(reason: unknown) => void>>();
  const cancelled = new Set<string>();
  const abortAll = (taskId: string, reason: unknown) => {
    for (const abort of aborts.get(taskId) ?? []) abort(reason);
  };
  const onCancelled = (taskId: string) => {
    cancelled.add(taskId);
    const [oldest = ""] = cancelled;
    if (cancelled.size > maxRemembered) cancelled.delete(oldest);
    abortAll(taskId, cancelledError());
  };
  const subscribed = [
    events.subscribe(cancelledTopic, ({ taskId }) => onCancelled(taskId as string)),
    // A cancellation may be among the events that were lost.
    events.subscribe(eventGapTopic, () => {
      for (const taskId of aborts.keys()) void lookAgain(taskId);
    }),
  ];

  /** What keeps events from coming may keep the store away as well: then once more, after a pause. */
  async function lookAgain(taskId: string, failures = 0): Promise<void> {
    try {
      const record = await read(taskId);
      if (record === undefined) abortAll(taskId, expiredError());
      else if (record.state.status === "cancelled") abortAll(taskId, cancelledError());
    } catch (error) {
      onError(error);
      const retry = () => {
        if (aborts.has(taskId)) void lookAgain(taskId, failures + 1);
      };
      unreferenced(setTimeout(retry, retryPauseMs(failures + 1)));
    }
  }

  return {
    add: (taskId, abort) => {
      const runs = aborts.get(taskId) ?? new Set();
      aborts.set(taskId, runs.add(abort));
      // What is cancelled stays so.
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
          runs.delete(abort);
          if (runs.size === 0) aborts.delete(taskId);
        },
      };
    },
    close: () => {
      for (const unsubscribe of subscribed) unsubscribe();
    },
  };
}

function expiredError(): TransportError {
  return new TransportError("aborted", "the task has expired");
}

/** Keeps a timer from keeping the process. A browser's timer is a number, and needs no such thing. */
export function unreferenced<T>(timer: T): T {
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    (timer as { readonly unref: () => void }).unref();
  }
  return timer;
}
