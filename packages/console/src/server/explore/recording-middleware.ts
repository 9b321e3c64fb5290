/**
 * Records the messages of transports other than HTTP, and reports the states of tasks on all of them.
 * Messages of an earlier revision are recorded in the form of the current one, because the transport
 * translates them.
 */
import { isObject, type JSONObject, type Middleware, ProtocolError } from "lutra/protocol";
import type { WireLog } from "./wire-log.ts";
import { textPart } from "./wire-message.ts";

export interface Recording {
  readonly log: WireLog;
  /** False for HTTP, whose messages are recorded with their headers. */
  readonly isRecorded: boolean;
  /** Called with each state of a task that a message contains. */
  readonly onTask: (task: JSONObject) => void;
}

export function createRecorder({ log, isRecorded, onTask }: Recording): Middleware {
  const record = (direction: "sent" | "received", message: object) => {
    if (isRecorded) log.record({ direction, ...textPart(JSON.stringify(message)) });
  };
  return (next) => async (request, context) => {
    record("sent", request);
    const { id } = request;
    try {
      const result = await next(request, {
        ...context,
        notify: (notification) => {
          record("received", notification);
          reportTask(notification.params, onTask);
          return context.notify(notification);
        },
      });
      record("received", { jsonrpc: "2.0", id, result });
      reportTask(result, onTask);
      return result;
    } catch (error) {
      if (error instanceof ProtocolError) {
        const { code, message, data } = error;
        record("received", { jsonrpc: "2.0", id, error: { code, message, data } });
      }
      throw error;
    }
  };
}

/** Recognises a task by its members, because several methods and a notification carry one. */
function reportTask(value: unknown, onTask: (task: JSONObject) => void): void {
  if (!isObject(value)) return;
  if (typeof value.taskId === "string" && typeof value.status === "string") onTask(value);
}
