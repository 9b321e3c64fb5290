/** The error of a task without a result. */

/** The reason why a task has no result. */
export type TaskErrorReason = "cancelled" | "expired";

const brand = Symbol.for("lutra.TaskError");

/**
 * A task has ended without a result or an error of its call, because it was cancelled or has expired.
 * This error is local and is not sent to the peer.
 */
export class TaskError extends Error {
  override readonly name: string = "TaskError";
  readonly reason: TaskErrorReason;
  readonly taskId: string;

  constructor(reason: TaskErrorReason, taskId: string, statusMessage?: string) {
    super(statusMessage ?? `The task has ${reason === "expired" ? "expired" : "been cancelled"}`);
    this.reason = reason;
    this.taskId = taskId;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a `TaskError`, including one of another copy of this package. */
export function isTaskError(value: unknown): value is TaskError {
  return typeof value === "object" && value !== null && brand in value;
}
