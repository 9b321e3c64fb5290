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

/** Creates the notification of a progress. Optional members with other types are left out. */
export function progressNotification(
  progressToken: ProgressToken,
  { progress, ...optional }: Progress,
): JSONRPCNotification {
  const params = { progress, ...optionalMembers(optional), progressToken };
  return { jsonrpc: "2.0", method: progressMethod, params };
}

/** Returns the progress that a notification reports for this token, or undefined. */
export function readProgress(
  notification: JSONRPCNotification,
  progressToken: ProgressToken,
): Progress | undefined {
  const { params } = notification;
  if (notification.method !== progressMethod || params?.progressToken !== progressToken) return;
  const { progress } = params;
  return typeof progress === "number" ? { progress, ...optionalMembers(params) } : undefined;
}

function optionalMembers({
  total,
  message,
}: {
  readonly [Name in "total" | "message"]?: unknown;
}): Omit<Progress, "progress"> {
  return {
    ...(typeof total === "number" && Number.isFinite(total) && { total }),
    ...(typeof message === "string" && { message }),
  };
}
