/**
 * The ids and progress tokens that requests have on a stdio channel, in place of their own. So
 * requests of several callers may share ids, and a late answer to a cancelled request never meets a
 * newer one.
 *
 * @spec basic/index#requests, basic/patterns/progress#progress-flow
 */
import type { JSONObject } from "../../protocol/json.ts";
import { isObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { metaKeys } from "../../protocol/meta.ts";
import { withSubscriptionId } from "../../protocol/subscriptions.ts";

/** A request as it is sent: `id` is its id, and its progress token if it has one. */
export function requestToChannel(request: JSONRPCRequest, id: number): JSONRPCRequest {
  const meta = metaOf(request);
  if (meta?.[metaKeys.progressToken] === undefined) return { ...request, id };
  const _meta = { ...meta, [metaKeys.progressToken]: id };
  return { ...request, id, params: { ...request.params, _meta } };
}

/** The result as its caller knows it: that of a subscription carries the subscription's id. */
export function resultFromChannel(result: Result, id: number, request: JSONRPCRequest): Result {
  if (result._meta?.[metaKeys.subscriptionId] !== id) return result;
  return withSubscriptionId(result, request.id);
}

/** A notification of the subscription that `request` opened, as its caller knows it. */
export function changeFromChannel(
  notification: JSONRPCNotification,
  request: JSONRPCRequest,
): JSONRPCNotification {
  return { ...notification, params: withSubscriptionId(notification.params, request.id) };
}

/** Progress of `request` as its caller knows it; `undefined` when none was asked for. */
export function progressFromChannel(
  notification: JSONRPCNotification,
  request: JSONRPCRequest,
): JSONRPCNotification | undefined {
  const progressToken = metaOf(request)?.[metaKeys.progressToken];
  if (progressToken === undefined) return undefined;
  return { ...notification, params: { ...notification.params, progressToken } };
}

/** True for a request that asked for log messages. */
export function asksForLog(request: JSONRPCRequest): boolean {
  return metaOf(request)?.[metaKeys.logLevel] !== undefined;
}

function metaOf(request: JSONRPCRequest): JSONObject | undefined {
  const meta = request.params?._meta;
  return isObject(meta) ? meta : undefined;
}
