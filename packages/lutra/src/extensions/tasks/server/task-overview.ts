/** The state of a stored task for operators, without its arguments, answers, outcomes and result. */
import { isObject } from "../../../protocol/json.ts";
import type { ListedTask } from "../../../stores/task-store.ts";
import type { TaskStatus } from "../protocol.ts";
import type { TaskState } from "../state.ts";

/** A task as operators see it. Times are in milliseconds since 1970. */
export interface TaskOverview {
  /** A secret: callers without a principal reach the task by its id alone. */
  readonly taskId: string;
  readonly tool: string;
  /** The id of the caller. */
  readonly principal?: string | undefined;
  readonly status: TaskStatus;
  readonly statusMessage?: string | undefined;
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
  readonly expiresAt: number | null;
  /** Number of attempts so far, of those in a row that were lost with their process, and rejected. */
  readonly attempts: number;
  readonly lostAttempts: number;
  readonly rejections: number;
  /** True while a process runs the task. */
  readonly isRunning: boolean;
  /** The names of the steps that have ended. Empty once the task has ended. */
  readonly steps: readonly string[];
  /** The open input requests: their names, and their messages. */
  readonly questions: readonly { readonly name: string; readonly message?: string | undefined }[];
  /** The error of a failed task. */
  readonly error?: { readonly code: number; readonly message: string } | undefined;
  /** True for a completed task whose tool reports an error. */
  readonly isError: boolean;
}

/** Returns the overview of a task; undefined if its state is too large to be listed. */
export function taskOverview({ task, ...schedule }: ListedTask): TaskOverview | undefined {
  const { taskId, expiresAt, state: stored } = task;
  if (stored === undefined) return undefined;
  const state = stored as unknown as TaskState;
  const { call, status, statusMessage, createdAt, lastUpdatedAt, memory, questions } = state;
  const principal = call.principal?.id;
  return {
    taskId,
    tool: call.name,
    principal: typeof principal === "string" ? principal : undefined,
    ...{ status, statusMessage, createdAt, lastUpdatedAt, expiresAt },
    ...schedule,
    steps: Object.keys(memory.steps),
    questions: Object.values(questions).map(({ name, request }) => {
      const message = isObject(request.params) ? request.params.message : undefined;
      return { name, message: typeof message === "string" ? message : undefined };
    }),
    error: state.error as TaskOverview["error"],
    isError: state.result?.isError === true,
  };
}

/** Returns the caller of a listed task, with whose principal it can be cancelled. */
export function taskPrincipal({ task }: ListedTask): TaskState["call"]["principal"] {
  return (task.state as unknown as TaskState | undefined)?.call.principal ?? null;
}
