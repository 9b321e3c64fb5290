/** Tasks that a worker does not run: they kill their process, or their tool is missing. */
import { ProtocolError } from "../../../protocol/errors.ts";
import type { ExtensionHost } from "../../../server/extension.ts";
import type { TaskRecord } from "./records.ts";
import type { TaskRound } from "./task-round.ts";

/**
 * Number of attempts in a row that are left to processes with the tool of the task. With the pauses
 * after rejected attempts, this takes about 25 minutes, so that a rolling deployment can end.
 */
const maxLeftAttempts = 30;

/** Rejects an attempt whose tool this process does not have, so that the task runs again. */
class MissingTool extends Error {
  override readonly name: string = "MissingTool";
  readonly isRepeated: boolean;

  constructor({ taskId, state }: TaskRecord, rejections: number) {
    const { name } = state.call;
    super(`task ${taskId}: this process has no tool ${name}; the task is left to other processes`);
    this.isRepeated = rejections > 0;
  }
}

/** True for an error that an earlier attempt at the same task has reported. */
export function isRepeated(error: unknown): boolean {
  return error instanceof MissingTool && error.isRepeated;
}

/**
 * Leaves a task to processes that have its tool, and fails it if none of them has taken it.
 *
 * @throws {MissingTool} so that the task runs again after a pause
 */
export async function leave(
  round: TaskRound,
  { record, rejections }: { readonly record: TaskRecord; readonly rejections: number },
  host: ExtensionHost,
): Promise<void> {
  if (rejections < maxLeftAttempts) throw new MissingTool(record, rejections);
  const reason = `Unknown tool: ${record.state.call.name}; no process that took the task has it`;
  await giveUp(round, { reason, error: new ProtocolError("invalidParams", reason) }, host);
}

/** Fails a task that appears to kill the processes that run it. */
export async function giveUpLost(
  round: TaskRound,
  lostAttempts: number,
  host: ExtensionHost,
): Promise<void> {
  const reason = `given up after ${lostAttempts} attempts were lost with their process`;
  const error = new ProtocolError("internalError", `The task was ${reason}`);
  await giveUp(round, { reason, error }, host);
}

/**
 * Fails a task, and reports it.
 *
 * @spec ext-tasks/tasks#task-execution-errors
 */
async function giveUp(
  round: TaskRound,
  { reason, error }: { readonly reason: string; readonly error: ProtocolError },
  host: ExtensionHost,
): Promise<void> {
  const after = await round.end({ error }, host);
  if (after?.state.status !== "failed") return;
  const { taskId, state } = after;
  host.onError(new Error(`task ${taskId} of the tool ${state.call.name}: ${reason}`), "tasks");
}
