/**
 * The methods of the extension: get, update and cancel.
 *
 * @spec ext-tasks/tasks#task-polling, ext-tasks/tasks#task-update-requests
 * @spec ext-tasks/tasks#response-1, ext-tasks/tasks#task-cancellation, ext-tasks/tasks#response-2
 * @spec ext-tasks/tasks#protocol-errors, ext-tasks/tasks#security-considerations
 */
import { invalidParams } from "../../../protocol/errors.ts";
import type { RequestContext } from "../../../protocol/exchange.ts";
import type { InputResponse } from "../../../protocol/input-required.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import type { JSONSchemaValidator } from "../../../schema/json-schema.ts";
import type { ServedMethod } from "../../../server/admit.ts";
import { serveMethod } from "../../../server/dispatch.ts";
import { answerTo } from "../../../server/handler/input-kinds.ts";
import { cancelTask, getTask, updateTask } from "../protocol.ts";
import { detailedTask, type TaskState } from "../state.ts";
import { belongsTo, type TaskRecord, type TaskRecords } from "./records.ts";

const acknowledgement = Object.freeze({ resultType: "complete" });

export function servedTaskMethods(
  records: TaskRecords,
  validator: JSONSchemaValidator,
): readonly ServedMethod[] {
  const find = (taskId: string, context: RequestContext) => findTask(records, taskId, context);
  return [
    serveMethod(getTask, async ({ taskId }, _request, context) => {
      const { state } = await find(taskId, context);
      return { resultType: "complete", ...detailedTask(taskId, state) };
    }),
    serveMethod(updateTask, async ({ taskId, inputResponses }, _request, context) => {
      const record = await find(taskId, context);
      const responses = checkedResponses(record.state, inputResponses, validator);
      await records.change(taskId, { type: "answer", responses }, record);
      return acknowledgement;
    }),
    serveMethod(cancelTask, async ({ taskId }, _request, context) => {
      const record = await find(taskId, context);
      await records.change(taskId, { type: "cancel" }, record);
      return acknowledgement;
    }),
  ];
}

/** Finds a task of the caller. For others, the error is the same as for an unknown task. */
async function findTask(
  records: TaskRecords,
  taskId: string,
  { principal }: RequestContext,
): Promise<TaskRecord> {
  const record = await records.read(taskId);
  if (record !== undefined && belongsTo(record, principal)) return record;
  throw invalidParams("params.taskId: unknown task; it may have expired");
}

/**
 * Returns the responses to open input requests, and ignores others.
 *
 * @throws {ProtocolError} when a response does not fit its request; the whole update is then discarded
 */
function checkedResponses(
  { questions }: TaskState,
  responses: JSONObject,
  validator: JSONSchemaValidator,
): { readonly [key: string]: InputResponse } {
  const open = Object.entries(questions).filter(([key]) => Object.hasOwn(responses, key));
  const checked = open.map(([key, { request }]) => {
    const response = answerTo(request, responses[key], validator);
    if (response !== undefined) return [key, response] as const;
    throw invalidParams(`params.inputResponses.${key}: expected a response that fits the request`);
  });
  return Object.fromEntries(checked);
}
