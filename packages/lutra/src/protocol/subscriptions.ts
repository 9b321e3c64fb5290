/**
 * `subscriptions/listen`: a request that stays open and carries change notifications.
 *
 * @spec basic/patterns/subscriptions
 */
import { invalidParams } from "./errors.ts";
import type { JSONObject } from "./json.ts";
import { isObject } from "./json.ts";
import type { JSONRPCNotification, RequestId, Result } from "./json-rpc.ts";
import { listChangedMethods } from "./list-changed.ts";
import { metaKeys } from "./meta.ts";
import type { Method } from "./method.ts";
import { defineMethod } from "./method.ts";

/** The notifications that a client requests. Extensions add members of their own. */
export interface SubscriptionFilter {
  readonly toolsListChanged?: boolean;
  readonly promptsListChanged?: boolean;
  readonly resourcesListChanged?: boolean;
  /** URIs of resources whose updates are requested. */
  readonly resourceSubscriptions?: readonly string[];
  readonly [extension: string]: unknown;
}

export interface ListenParams {
  readonly notifications: SubscriptionFilter;
}

export const acknowledgedMethod = "notifications/subscriptions/acknowledged";
export const resourceUpdatedMethod = "notifications/resources/updated";

export { type ListChanged, listChangedMethods } from "./list-changed.ts";

export const listen: Method<ListenParams, Result> = defineMethod({
  name: "subscriptions/listen",
  params: (params) => ({ notifications: parseFilter(params.notifications) }),
  result: (result) => result,
  safe: true,
  longLived: true,
});

/** Adds the id of the subscription to the parameters of a notification, or to a result. */
export function withSubscriptionId(params: JSONObject | undefined, id: RequestId): JSONObject {
  const meta = isObject(params?._meta) ? params._meta : undefined;
  return { ...params, _meta: { ...meta, [metaKeys.subscriptionId]: id } };
}

/** Returns the id of the subscription that a notification belongs to. */
export function subscriptionIdOf(notification: JSONRPCNotification): RequestId | undefined {
  const meta = notification.params?._meta;
  if (!isObject(meta)) return undefined;
  const id = meta[metaKeys.subscriptionId];
  return typeof id === "string" || typeof id === "number" ? id : undefined;
}

function parseFilter(value: unknown): SubscriptionFilter {
  if (!isObject(value)) throw invalidParams("params.notifications: expected an object");
  for (const name of Object.keys(listChangedMethods)) {
    if (value[name] !== undefined && typeof value[name] !== "boolean") {
      throw invalidParams(`params.notifications.${name}: expected a boolean`);
    }
  }
  const uris = value.resourceSubscriptions;
  if (uris !== undefined && !(Array.isArray(uris) && uris.every((u) => typeof u === "string"))) {
    throw invalidParams("params.notifications.resourceSubscriptions: expected an array of strings");
  }
  return value;
}
