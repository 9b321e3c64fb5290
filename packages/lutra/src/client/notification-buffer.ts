/** Notifications for a reader that may be slow, without repetitions and bounded. */
import { canonicalJSON, sizeOfJSON } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";

export interface NotificationBuffer {
  /**
   * Adds a notification. A small one that is equal to a waiting one replaces it, because the reader
   * will read the latest state anyway. Beyond the limits the oldest is dropped.
   */
  readonly push: (notification: JSONRPCNotification) => void;
  /** Removes the oldest notification and returns it. */
  readonly take: () => JSONRPCNotification | undefined;
  readonly clear: () => void;
}

/** Maximum number of notifications that wait for one reader. */
export const maxWaiting = 1000;

/** Maximum size of all that wait; a single one may be larger. */
export const maxWaitingBytes = 8_388_608;

/** Maximum size of a notification that is compared with those that wait. */
const maxComparedBytes = 2048;

interface Waiting {
  readonly notification: JSONRPCNotification;
  readonly bytes: number;
}

/** Creates an empty buffer. `onDrop` is called for each notification that is dropped. */
export function createNotificationBuffer(onDrop: () => void): NotificationBuffer {
  const waiting = new Map<unknown, Waiting>();
  let waitingBytes = 0;

  function take(): JSONRPCNotification | undefined {
    const [first] = waiting;
    if (first === undefined) return undefined;
    const [key, { notification, bytes }] = first;
    waiting.delete(key);
    waitingBytes -= bytes;
    return notification;
  }

  return {
    push: (notification) => {
      const bytes = sizeOfJSON(notification);
      const key = bytes > maxComparedBytes ? notification : comparable(notification);
      waitingBytes += bytes - (waiting.get(key)?.bytes ?? 0);
      waiting.set(key, { notification, bytes });
      while (waiting.size > maxWaiting || (waitingBytes > maxWaitingBytes && waiting.size > 1)) {
        take();
        onDrop();
      }
    },
    take,
    clear: () => {
      waiting.clear();
      waitingBytes = 0;
    },
  };
}

/** Returns the same text for equal notifications. The id of the subscription may differ. */
function comparable({ method, params = {} }: JSONRPCNotification): string {
  const { _meta, ...compared } = params;
  return canonicalJSON([method, compared]);
}
