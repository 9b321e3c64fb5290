/** Why there is no result of a task. */

export type TaskErrorReason = "cancelled" | "expired";

const brand = Symbol.for("lutra.TaskError");

/**
 * A task has ended without a result or an error of its call: someone has cancelled it, or it was
 * not kept any longer. It never crosses the wire.
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

/** Recognises a `TaskError`, also one made by another copy of this package. */
export function isTaskError(value: unknown): value is TaskError {
  return typeof value === "object" && value !== null && brand in value;
}
