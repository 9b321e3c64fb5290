/**
 * Watches a task from the client's side: by notifications where the server sends them, by polling
 * where it does not, and slowly by polling beside notifications, since those may get lost.
 *
 * @spec ext-tasks/tasks#task-polling, ext-tasks/tasks#task-status-notifications
 */
import type { ClientHost } from "../../../client/extension.ts";
import { canonicalJSON, type JSONObject } from "../../../protocol/json.ts";
import { malformed } from "../../../protocol/method.ts";
import type { DetailedTask, TaskInfo } from "../protocol.ts";
import { getTask, isTerminal } from "../protocol.ts";
import { TaskError } from "../task-error.ts";
import { untilPassed } from "./passing.ts";
import { TaskFeed } from "./task-feed.ts";

export interface ObserveOptions {
  /** What is known of the task, so that the first look may wait. */
  readonly seed?: TaskInfo | undefined;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number | undefined;
  /** Whether the server's notifications are wanted. */
  readonly notifications: boolean;
}

const floorMs = 10;
const defaultMs = 1000;
/** How often a task is asked for while the server tells of its changes. */
const watchedMs = 30_000;

/** Gives the task each time it has changed, to its terminal status. */
export async function* observeTask(
  host: ClientHost,
  taskId: string,
  options: ObserveOptions,
): AsyncGenerator<DetailedTask, void, undefined> {
  const { seed, signal } = options;
  const feed = new TaskFeed(taskId, signal);
  if (options.notifications) void feed.open(host);
  let latest: TaskInfo | undefined = seed;
  let shown: string | undefined;
  const startedAt = host.options.now();
  try {
    for (;;) {
      const task = await nextLook(host, taskId, { ...options, latest, feed });
      latest = task;
      const text = canonicalJSON(viewOf(task as unknown as JSONObject));
      if (text !== shown) yield task;
      shown = text;
      if (isTerminal(task.status)) return;
      requireUnexpired(task, host.options.now() - startedAt);
    }
  } finally {
    feed.close();
  }
}

/** The same for whoever only wants to see, until the client is closed. */
export async function* watchTask(
  host: ClientHost,
  taskId: string,
  {
    signal,
    ...options
  }: Omit<ObserveOptions, "signal"> & { readonly signal?: AbortSignal | undefined },
): AsyncGenerator<DetailedTask, void, undefined> {
  const stop = new AbortController();
  const unlink = untilGivenUp(host, stop, signal);
  try {
    yield* observeTask(host, taskId, { ...options, signal: stop.signal });
  } finally {
    unlink();
  }
}

/** Aborts `controller` when the caller gives up or the client is closed, until that is undone. */
export function untilGivenUp(
  host: ClientHost,
  controller: AbortController,
  signal: AbortSignal | undefined,
): () => void {
  const abort = () => controller.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  const stayOpen = host.onClose((reason) => controller.abort(reason));
  return () => {
    stayOpen();
    signal?.removeEventListener("abort", abort);
  };
}

interface Look extends ObserveOptions {
  readonly latest: TaskInfo | undefined;
  readonly feed: TaskFeed;
}

/** What the server has told meanwhile, or tells when it is asked at the time it has suggested. */
async function nextLook(host: ClientHost, taskId: string, look: Look): Promise<DetailedTask> {
  const { latest, feed, signal } = look;
  if (latest !== undefined) {
    const told = await feed.next(() => pauseMs(latest, feed));
    if (told !== undefined) return told;
  }
  return untilPassed(host, signal, () => lookUp(host, taskId, look));
}

async function lookUp(
  host: ClientHost,
  taskId: string,
  { signal, timeoutMs }: ObserveOptions,
): Promise<DetailedTask> {
  const task = await host.request(getTask, { taskId }, { signal, timeoutMs });
  if (task.taskId !== taskId) throw malformed("result.taskId: expected the task asked for");
  return task;
}

/** The latest suggestion counts, also a lower one, or none. */
function pauseMs({ pollIntervalMs = defaultMs }: TaskInfo, { isLive }: TaskFeed): number {
  return Math.max(floorMs, isLive ? Math.max(watchedMs, pollIntervalMs) : pollIntervalMs);
}

/** Clocks differ, so the time is counted from when this client first knew of the task. */
function requireUnexpired({ taskId, ttlMs }: TaskInfo, watchedForMs: number): void {
  if (ttlMs !== null && watchedForMs > ttlMs) throw new TaskError("expired", taskId);
}

/** What tells one view of a task from another; the rest of a result is the request's. */
function viewOf({ _meta, resultType, ...view }: JSONObject): JSONObject {
  return view;
}
