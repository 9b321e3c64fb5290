/**
 * `notifications/cancelled`: the only notification a client sends, on stdio alone.
 *
 * @spec basic/patterns/cancellation
 */
import type { JSONRPCNotification, RequestId } from "./json-rpc.ts";
import { isRequestId } from "./json-rpc.ts";

const cancelledMethod = "notifications/cancelled";

export function cancelledNotification(requestId: RequestId, reason?: string): JSONRPCNotification {
  const params = reason === undefined ? { requestId } : { requestId, reason };
  return { jsonrpc: "2.0", method: cancelledMethod, params };
}

/** Returns the request that a notification cancels, or undefined for any other notification. */
export function cancelledRequestId(notification: JSONRPCNotification): RequestId | undefined {
  if (notification.method !== cancelledMethod) return undefined;
  const requestId = notification.params?.requestId;
  return isRequestId(requestId) ? requestId : undefined;
}
