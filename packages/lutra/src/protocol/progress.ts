/**
 * Progress of a request, for clients that sent a progress token.
 *
 * @spec basic/patterns/progress
 */
import type { JSONRPCNotification } from "./json-rpc.ts";
import type { ProgressToken } from "./meta.ts";

export const progressMethod = "notifications/progress";

export interface Progress {
  /** Increases with each notification. */
  readonly progress: number;
  readonly total?: number;
  /** Text for users about the current state. */
  readonly message?: string;
}

export function progressNotification(
  progressToken: ProgressToken,
  progress: Progress,
): JSONRPCNotification {
  return { jsonrpc: "2.0", method: progressMethod, params: { ...progress, progressToken } };
}

/** Returns the progress that a notification reports for this token, or undefined. */
export function readProgress(
  notification: JSONRPCNotification,
  progressToken: ProgressToken,
): Progress | undefined {
  const { params } = notification;
  if (notification.method !== progressMethod || params?.progressToken !== progressToken) return;
  const { progress, total, message } = params;
  if (typeof progress !== "number") return;
  return {
    progress,
    ...(typeof total === "number" && { total }),
    ...(typeof message === "string" && { message }),
  };
}
