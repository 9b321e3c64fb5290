/**
 * Polls a task until it ends. The client and the gateway share this code, so a server sees the same
 * intervals and the same retries from both.
 *
 * @spec ext-tasks/tasks#task-polling
 */
import { ProtocolError } from "../../../protocol/errors.ts";
import { canonicalJSON, type JSONObject } from "../../../protocol/json.ts";
import { malformed } from "../../../protocol/method.ts";
import { unlessAborted } from "../../../time/abort.ts";
import { delay } from "../../../time/backoff.ts";
import {
  type CancelledTask,
  type CompletedTask,
  type DetailedTask,
  type FailedTask,
  type InputRequiredTask,
  isTerminal,
  type TaskInfo,
} from "../protocol.ts";
import { isTaskError, TaskError } from "../task-error.ts";
import { type RetryOptions, retryTransient } from "./retry-transient.ts";

/** A task and the function that requests its state from the server. */
export interface PolledTask extends RetryOptions {
  readonly taskId: string;
  /** The last known state. Without it, the first poll is sent immediately. */
  readonly seed?: TaskInfo | undefined;
  /** Sends `tasks/get` and returns the parsed result. */
  readonly get: (signal: AbortSignal) => Promise<DetailedTask>;
  /** The current time in milliseconds. */
  readonly now: () => number;
  /**
   * Waits until the next poll is due. If the server sends a state in the meantime, it resolves to
   * that state, and the poll is skipped. By default, it waits for `pollPauseMs`.
   */
  readonly nextPush?: ((latest: TaskInfo) => Promise<DetailedTask | undefined>) | undefined;
}

export interface TaskWaiter {
  /** Called with each state that requires input. If it throws, the wait ends with its error. */
  readonly onInput: (task: InputRequiredTask) => void;
  /** Called once when the wait ends before the task does, because of an abort or an error. */
  readonly onLeft: () => void;
}

type EndedTask = CompletedTask | FailedTask | CancelledTask;

const shortestPauseMs = 10;
const defaultPauseMs = 1000;
/** Maximum pause that a server can ask for: 5 minutes. */
const maxPauseMs = 300_000;

/**
 * Waits for the result of the request that became the task.
 *
 * @throws {ProtocolError} the error of a task that failed
 * @throws {TaskError} for a task that was cancelled or has expired
 * @throws {TransportError} `aborted` when the signal aborts, `malformed` for an invalid state
 */
export async function taskResult(task: PolledTask, waiter: TaskWaiter): Promise<JSONObject> {
  const end = await endOf(task, waiter);
  if (end.status === "completed") return end.result;
  if (end.status === "cancelled") throw new TaskError("cancelled", task.taskId, end.statusMessage);
  throw ProtocolError.fromWire(end.error) ?? malformed("task.error: expected a JSON-RPC error");
}

async function endOf(task: PolledTask, { onInput, onLeft }: TaskWaiter): Promise<EndedTask> {
  try {
    for await (const state of pollTask(task)) {
      if (state.status === "input_required") onInput(state);
      else if (state.status !== "working") return state;
    }
    throw malformed("task: ended without a terminal status");
  } catch (error) {
    // An expired task no longer exists, so there is nothing to leave.
    if (!isTaskError(error)) onLeft();
    throw error;
  }
}

/** Yields the task each time it has changed, up to and including its terminal status. */
export async function* pollTask(task: PolledTask): AsyncGenerator<DetailedTask, void, undefined> {
  const startedAt = task.now();
  let latest = task.seed;
  let lastView: string | undefined;
  for (;;) {
    const state = await nextState(task, latest);
    const view = viewOf(state);
    if (view !== lastView) yield state;
    if (isTerminal(state.status)) return;
    requireUnexpired(state, task.now() - startedAt);
    lastView = view;
    latest = state;
  }
}

/** Returns the pause that the latest state suggests, up to `maxPauseMs`, in milliseconds. */
export function pollPauseMs({ pollIntervalMs = defaultPauseMs }: TaskInfo): number {
  return Math.min(Math.max(shortestPauseMs, pollIntervalMs), maxPauseMs);
}

async function nextState(task: PolledTask, latest: TaskInfo | undefined): Promise<DetailedTask> {
  const { taskId, signal, get, nextPush } = task;
  if (latest !== undefined) {
    const pushed = nextPush ? await nextPush(latest) : await delay(pollPauseMs(latest), signal);
    if (pushed !== undefined) return pushed;
  }
  const state = await retryTransient(task, () => unlessAborted(get(signal), signal));
  if (state.taskId !== taskId) throw malformed("result.taskId: expected the requested task");
  return state;
}

/**
 * Throws once the task has outlived its time to live, so that the wait for a server that never
 * reports an end is limited. The clocks of two machines differ, so the time is counted from the
 * start of polling.
 */
function requireUnexpired({ taskId, ttlMs }: TaskInfo, followedMs: number): void {
  if (ttlMs !== null && followedMs > ttlMs) throw new TaskError("expired", taskId);
}

/**
 * Returns the members that belong to the task, as canonical JSON. `_meta` and `resultType` belong
 * to the response.
 */
function viewOf(state: DetailedTask): string {
  const { _meta, resultType, ...view } = state as DetailedTask & JSONObject;
  return canonicalJSON(view);
}
