/** Notifications for a reader that may be slow, without repetitions and bounded. */
import { canonicalJSON } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";

export interface NotificationBuffer {
  /**
   * Adds a notification. An equal one that is still waiting is replaced, because the reader will
   * read the latest state anyway. Beyond the limit the oldest is dropped.
   */
  readonly push: (notification: JSONRPCNotification) => void;
  /** Removes the oldest notification and returns it. */
  readonly take: () => JSONRPCNotification | undefined;
  readonly clear: () => void;
}

/** Maximum number of notifications that wait for one reader. */
export const maxWaiting = 1000;

/** Creates an empty buffer. `onDrop` is called for each notification that is dropped. */
export function createNotificationBuffer(onDrop: () => void): NotificationBuffer {
  const waiting = new Map<string, JSONRPCNotification>();

  function take(): JSONRPCNotification | undefined {
    const [first] = waiting;
    if (first !== undefined) waiting.delete(first[0]);
    return first?.[1];
  }

  return {
    push: (notification) => {
      const { _meta, ...params } = notification.params ?? {};
      waiting.set(canonicalJSON([notification.method, params]), notification);
      if (waiting.size <= maxWaiting) return;
      take();
      onDrop();
    },
    take,
    clear: () => waiting.clear(),
  };
}
