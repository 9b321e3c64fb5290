/**
 * `lutra/tasks`: work that outlives its request, the extension `io.modelcontextprotocol/tasks`.
 */
export type { TaskStore } from "../../stores/task-store.ts";
export type {
  ClientTasks,
  FollowTasksOptions,
  ResumeOptions,
  StartedCall,
  TaskReference,
  TaskRequestOptions,
} from "./client/follow-tasks.ts";
export { followTasks } from "./client/follow-tasks.ts";
export type { TasksOptions } from "./options.ts";
// For programs that implement the extension without the client or server of this package.
export type {
  CancelledTask,
  CompletedTask,
  CreateTaskResult,
  DetailedTask,
  FailedTask,
  GetTaskResult,
  InputRequiredTask,
  TaskInfo,
  TaskParams,
  TaskStatus,
  UpdateTaskParams,
  WorkingTask,
} from "./protocol.ts";
export {
  cancelTask,
  getTask,
  idempotencyKeyMember,
  isCreateTaskResult,
  isTerminal,
  parseCreateTaskResult,
  parseTask,
  taskFilterMember,
  taskMethods,
  taskNotificationMethod,
  taskResultType,
  tasksId,
  updateTask,
} from "./protocol.ts";
export { tasks } from "./server/tasks.ts";
export type { TaskSupport, ToolTaskOptions } from "./server/tool-settings.ts";
export type { TaskErrorReason } from "./task-error.ts";
export { isTaskError, TaskError } from "./task-error.ts";
