/** Compares a subscription's filter with what the server agreed to, and with what it sends. */
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import {
  listChangedMethods,
  resourceUpdatedMethod,
  type SubscriptionFilter,
} from "../protocol/subscriptions.ts";

/** The member of a filter that requests a notification, by the notification's method. */
const members = new Map<string, string>([
  ...Object.entries(listChangedMethods).map(([member, method]) => [method, member] as const),
  [resourceUpdatedMethod, "resourceSubscriptions"],
]);

/** Returns true for notifications that were requested, and for those that an extension defines. */
export function isRequested({ method }: JSONRPCNotification, filter: SubscriptionFilter): boolean {
  const member = members.get(method);
  return member === undefined || Boolean(filter[member]);
}

/** The members that the core defines. */
const coreMembers: ReadonlySet<string> = new Set(members.values());

/**
 * Returns the members of a filter that the server did not agree to in full. Leaves out those of
 * extensions, which decide what a server may decline: the Tasks extension polls tasks then.
 *
 * @spec basic/patterns/subscriptions#acknowledgment
 */
export function declinedMembers(
  filter: SubscriptionFilter,
  agreed: SubscriptionFilter,
): readonly string[] {
  return Object.entries(filter)
    .filter(
      ([member, wanted]) => coreMembers.has(member) && wanted !== undefined && wanted !== false,
    )
    .filter(([member, wanted]) => !covers(agreed[member], wanted))
    .map(([member]) => member);
}

function covers(agreed: unknown, wanted: unknown): boolean {
  if (!Array.isArray(agreed) || !Array.isArray(wanted)) return Boolean(agreed);
  const all = new Set(agreed);
  return wanted.every((uri) => all.has(uri));
}
