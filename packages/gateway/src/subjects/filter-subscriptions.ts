/** Leaves resources out of the subscriptions to one upstream. */
import {
  isObject,
  type JSONObject,
  type JSONRPCNotification,
  type Method,
  type Middleware,
  type RequestContext,
  resourceUpdatedMethod,
} from "lutra/protocol";

/** The member of a filter that names resources. */
const member = "resourceSubscriptions";

/** Returns true if a request may subscribe to a resource. */
export type MaySubscribe = (uri: string, context: RequestContext) => boolean;

/**
 * Removes resources from the filters of subscriptions, so that the upstream does not agree to them,
 * and their updates from the notifications of subscriptions to resources that contain them.
 */
export function filterSubscriptions(
  maySubscribe: MaySubscribe,
  methods: ReadonlyMap<string, Method>,
): Middleware {
  return (next) => (request, context) => {
    const { method, params = {} } = request;
    if (methods.get(method)?.longLived !== true) return next(request, context);
    const isAllowed = (uri: unknown) => typeof uri !== "string" || maySubscribe(uri, context);
    const notify = (notification: JSONRPCNotification) =>
      notification.method === resourceUpdatedMethod && !isAllowed(notification.params?.uri)
        ? undefined
        : context.notify(notification);
    return next({ ...request, params: withAllowed(params, isAllowed) }, { ...context, notify });
  };
}

function withAllowed(params: JSONObject, isAllowed: (uri: unknown) => boolean): JSONObject {
  const { notifications } = params;
  const uris = isObject(notifications) ? notifications[member] : undefined;
  if (!isObject(notifications) || !Array.isArray(uris)) return params;
  const allowed = uris.filter(isAllowed);
  return { ...params, notifications: { ...notifications, [member]: allowed } };
}
