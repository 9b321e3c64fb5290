import type { Middleware } from "../protocol/exchange.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";

/** The notifications that have passed through a client or a server. */
export interface NotificationRecord {
  /** Records the notifications. List it in the `middleware` option of a client or a server. */
  readonly middleware: Middleware;
  /** All notifications so far, in order. */
  readonly notifications: readonly JSONRPCNotification[];
  /**
   * Resolves with the next notification of `method`; each notification is returned by one call. A
   * test can wait for the notification that it expects instead of waiting for time to pass.
   */
  readonly next: (method: string) => Promise<JSONRPCNotification>;
}

/**
 * Creates a recorder of notifications, including those of subscriptions.
 *
 * @example
 * ```ts
 * const record = recordNotifications();
 * const client = connect(server, { middleware: [record.middleware] });
 * await client.listen({ toolsListChanged: true });
 * server.tools.add(subtract);
 * await record.next("notifications/tools/list_changed");
 * ```
 */
export function recordNotifications(): NotificationRecord {
  const notifications: JSONRPCNotification[] = [];
  const unclaimed: JSONRPCNotification[] = [];
  const waiting: Waiting[] = [];

  function record(notification: JSONRPCNotification): void {
    notifications.push(notification);
    const at = waiting.findIndex(({ method }) => method === notification.method);
    if (at < 0) unclaimed.push(notification);
    else for (const { resolve } of waiting.splice(at, 1)) resolve(notification);
  }

  const middleware: Middleware = (next) => (request, context) =>
    next(request, {
      ...context,
      notify: (notification) => {
        record(notification);
        return context.notify(notification);
      },
    });

  function next(method: string): Promise<JSONRPCNotification> {
    const at = unclaimed.findIndex((notification) => notification.method === method);
    const [found] = at < 0 ? [] : unclaimed.splice(at, 1);
    if (found !== undefined) return Promise.resolve(found);
    return new Promise((resolve) => waiting.push({ method, resolve }));
  }

  return { middleware, notifications, next };
}

interface Waiting {
  readonly method: string;
  readonly resolve: (notification: JSONRPCNotification) => void;
}
