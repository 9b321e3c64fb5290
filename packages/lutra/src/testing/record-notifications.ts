import type { Middleware } from "../protocol/exchange.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";

/** The notifications that passed through a client or a server. */
export interface NotificationRecord {
  /** Does the recording: list it in the options of a client or a server. */
  readonly middleware: Middleware;
  /** All notifications so far, in their order. */
  readonly notifications: readonly JSONRPCNotification[];
  /**
   * Resolves with the first notification of `method` that no earlier call has resolved with, as
   * soon as there is one. So a test waits for what it expects, and not for time to pass.
   */
  readonly next: (method: string) => Promise<JSONRPCNotification>;
}

/**
 * Records notifications, those of subscriptions included.
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
