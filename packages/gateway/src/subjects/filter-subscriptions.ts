/** Leaves resources and ids out of the subscriptions to one upstream. */
import {
  isObject,
  type JSONObject,
  type JSONRPCNotification,
  type Method,
  type Middleware,
  type RequestContext,
  resourceUpdatedMethod,
} from "lutra/protocol";
import { taskFilterMember } from "lutra/tasks";
import type { Reference } from "./reference.ts";

/** The members of a filter that name entries, with their kind. */
const members = { resourceSubscriptions: "resource", [taskFilterMember]: "id" } as const;

/** Returns true if a request may subscribe to a resource, or to an id of the upstream. */
export type MaySubscribe = (entry: Reference, context: RequestContext) => boolean;

/**
 * Removes resources and ids from the filters of subscriptions, so that the upstream does not agree to them,
 * and their updates from the notifications of subscriptions to resources that contain them.
 */
export function filterSubscriptions(
  maySubscribe: MaySubscribe,
  methods: ReadonlyMap<string, Method>,
): Middleware {
  return (next) => (request, context) => {
    const { method, params = {} } = request;
    if (methods.get(method)?.longLived !== true) return next(request, context);
    const isAllowed: IsAllowed = (kind, name) =>
      typeof name !== "string" || maySubscribe({ kind, name }, context);
    const notify = (notification: JSONRPCNotification) =>
      notification.method === resourceUpdatedMethod &&
      !isAllowed("resource", notification.params?.uri)
        ? undefined
        : context.notify(notification);
    return next({ ...request, params: withAllowed(params, isAllowed) }, { ...context, notify });
  };
}

type IsAllowed = (kind: Reference["kind"], name: unknown) => boolean;

function withAllowed(params: JSONObject, isAllowed: IsAllowed): JSONObject {
  const { notifications } = params;
  if (!isObject(notifications)) return params;
  const allowed: Record<string, unknown> = { ...notifications };
  for (const [member, kind] of Object.entries(members)) {
    const names = allowed[member];
    if (Array.isArray(names)) allowed[member] = names.filter((name) => isAllowed(kind, name));
  }
  return { ...params, notifications: allowed };
}
