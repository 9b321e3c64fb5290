/**
 * Replaces the ids and progress tokens of requests with ids of the stdio channel. Requests of several
 * callers may therefore share ids, and a late answer to a cancelled request is not mistaken for
 * the answer to a newer one.
 *
 * @spec basic/index#requests, basic/patterns/progress#progress-flow
 */
import type { JSONObject } from "../../protocol/json.ts";
import { isObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { metaKeys } from "../../protocol/meta.ts";
import { withSubscriptionId } from "../../protocol/subscriptions.ts";

/** Returns a request with `id` as its id, and as its progress token if it has one. */
export function requestToChannel(request: JSONRPCRequest, id: number): JSONRPCRequest {
  const meta = metaOf(request);
  if (meta?.[metaKeys.progressToken] === undefined) return { ...request, id };
  const _meta = { ...meta, [metaKeys.progressToken]: id };
  return { ...request, id, params: { ...request.params, _meta } };
}

/** Returns a result with the caller's id, which the result of a subscription carries. */
export function resultFromChannel(result: Result, id: number, request: JSONRPCRequest): Result {
  if (result._meta?.[metaKeys.subscriptionId] !== id) return result;
  return withSubscriptionId(result, request.id);
}

/** Returns a notification of the subscription that `request` opened, with the caller's id. */
export function changeFromChannel(
  notification: JSONRPCNotification,
  request: JSONRPCRequest,
): JSONRPCNotification {
  return { ...notification, params: withSubscriptionId(notification.params, request.id) };
}

/** Returns progress of `request` with the caller's token; `undefined` when there is no token. */
export function progressFromChannel(
  notification: JSONRPCNotification,
  request: JSONRPCRequest,
): JSONRPCNotification | undefined {
  const progressToken = metaOf(request)?.[metaKeys.progressToken];
  if (progressToken === undefined) return undefined;
  return { ...notification, params: { ...notification.params, progressToken } };
}

/** Returns true for a request that asked for log messages. */
export function asksForLog(request: JSONRPCRequest): boolean {
  return metaOf(request)?.[metaKeys.logLevel] !== undefined;
}

function metaOf(request: JSONRPCRequest): JSONObject | undefined {
  const meta = request.params?._meta;
  return isObject(meta) ? meta : undefined;
}
