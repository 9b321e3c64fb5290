/** What runs in this process, so that a cancellation from anywhere reaches it. */
import { TransportError } from "../../protocol/transport-error.ts";
import type { EventBus } from "../../stores/event-bus.ts";
import { cancelledTopic } from "./records.ts";
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

/** The longest time a timer can be set for. */
const maxTimerMs = 2 ** 31 - 1;

export function createRunning(events: EventBus): Running {
  const aborts = new Map<string, Set<(reason: unknown) => void>>();
  const cancelled = new Set<string>();
  const close = events.subscribe(cancelledTopic, ({ taskId }) => {
    cancelled.add(taskId as string);
    const [oldest = ""] = cancelled;
    if (cancelled.size > maxRemembered) cancelled.delete(oldest);
    for (const abort of aborts.get(taskId as string) ?? []) abort(cancelledError());
  });

  return {
    add: (taskId, abort) => {
      const runs = aborts.get(taskId) ?? new Set();
      aborts.set(taskId, runs.add(abort));
      // What is cancelled stays so.
      if (cancelled.has(taskId)) abort(cancelledError());
      let timer: ReturnType<typeof setTimeout> | undefined;
      const expire = () => abort(new TransportError("aborted", "the task has expired"));
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
    close,
  };
}

/** Keeps a timer from keeping the process. A browser's timer is a number, and needs no such thing. */
export function unreferenced<T>(timer: T): T {
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    (timer as { readonly unref: () => void }).unref();
  }
  return timer;
}
