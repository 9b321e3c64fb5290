/**
 * Observes a task from a client: by notifications if the server sends them, and by polling. While
 * the server sends notifications, polls are sent only at long intervals, in case one is lost.
 *
 * @spec ext-tasks/tasks#task-polling, ext-tasks/tasks#task-status-notifications
 */
import type { ClientHost } from "../../../client/extension.ts";
import type { RequestOptions } from "../../../client/request-options.ts";
import { type DetailedTask, getTask, type TaskInfo } from "../protocol.ts";
import { type PolledTask, pollTask } from "./poll-task.ts";
import { TaskFeed } from "./task-feed.ts";

export interface ObserveOptions extends Pick<RequestOptions, "signal" | "timeoutMs"> {
  /** The last known state. Without it, the first poll is sent immediately. */
  readonly seed?: TaskInfo | undefined;
  /** True to use notifications if the server sends them. */
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

/**
 * Starts observing a task. Polling is aborted when the caller aborts or the client closes. `close`
 * must be called when the polling has ended.
 */
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

/** Yields the task each time it has changed, up to and including its terminal status. */
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
