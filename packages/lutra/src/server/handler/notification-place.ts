/**
 * The places of notifications among the operations of their handler. A replay sends its notifications
 * at the same places, so a transport that answers all rounds of an exchange with one response can tell
 * repeated notifications from equal ones.
 */
import type { JSONRPCNotification } from "../../protocol/json-rpc.ts";

/** Number of starts and ends of operations before, or `new` in a round that repeats none. */
export type NotificationPlace = number | "new";

const places = new WeakMap<JSONRPCNotification, NotificationPlace>();

/** Records the place of a notification. Returns the notification. */
export function placed(
  notification: JSONRPCNotification,
  place: NotificationPlace,
): JSONRPCNotification {
  places.set(notification, place);
  return notification;
}

/** Returns the place of a notification. Undefined for one of another process. */
export function placeOf(notification: JSONRPCNotification): NotificationPlace | undefined {
  return places.get(notification);
}
