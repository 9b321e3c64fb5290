/**
 * A task as a client observes it: by notifications where the server sends them, and by polling.
 * Beside notifications it still polls at long intervals, because notifications may get lost.
 *
 * @spec ext-tasks/tasks#task-polling, ext-tasks/tasks#task-status-notifications
 */
import type { ClientHost } from "../../../client/extension.ts";
import type { RequestOptions } from "../../../client/request-options.ts";
import { type DetailedTask, getTask, type TaskInfo } from "../protocol.ts";
import { type PolledTask, pollTask } from "./poll-task.ts";
import { TaskFeed } from "./task-feed.ts";

export interface ObserveOptions extends Pick<RequestOptions, "signal" | "timeoutMs"> {
  /** The state that is known already, so that the first poll can wait. */
  readonly seed?: TaskInfo | undefined;
  /** True to use the server's notifications where it sends them. */
  readonly notifications: boolean;
}

/** A task that is being observed. */
export interface ObservedTask {
  readonly polled: PolledTask;
  /** Aborts the observation with a reason. */
  readonly stop: (reason: unknown) => void;
  /** Releases the subscription and the listeners. */
  readonly close: () => void;
}

/** Starts to observe a task until the caller aborts, the client closes, or `close` is called. */
export function observeTask(
  host: ClientHost,
  taskId: string,
  { seed, signal, timeoutMs, notifications }: ObserveOptions,
): ObservedTask {
  const controller = new AbortController();
  const onAbort = () => controller.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort);
  const offClose = host.onClose((reason) => controller.abort(reason));
  const feed = new TaskFeed(taskId, controller.signal);
  if (notifications) void feed.open(host);
  return {
    polled: {
      taskId,
      seed,
      signal: controller.signal,
      now: host.options.now,
      random: host.options.random,
      get: (signal) => host.request(getTask, { taskId }, { signal, timeoutMs }),
      nextPush: (latest) => feed.next(latest),
    },
    stop: (reason) => controller.abort(reason),
    close: () => {
      feed.close();
      offClose();
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

/** Yields the task each time it has changed, until it ends or the client is closed. */
export async function* watchTask(
  host: ClientHost,
  taskId: string,
  options: ObserveOptions,
): AsyncGenerator<DetailedTask, void, undefined> {
  const { polled, close } = observeTask(host, taskId, options);
  try {
    yield* pollTask(polled);
  } finally {
    close();
  }
}
