/**
 * Progress of a request, for clients that sent a token.
 *
 * @spec basic/patterns/progress
 */
import type { JSONRPCNotification } from "./json-rpc.ts";
import type { ProgressToken } from "./meta.ts";

export const progressMethod = "notifications/progress";

export interface Progress {
  /** Grows with each notification. */
  readonly progress: number;
  readonly total?: number;
  /** What is happening, for people. */
  readonly message?: string;
}

export function progressNotification(
  progressToken: ProgressToken,
  progress: Progress,
): JSONRPCNotification {
  return { jsonrpc: "2.0", method: progressMethod, params: { progressToken, ...progress } };
}
