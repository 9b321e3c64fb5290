/**
 * Filters of subscriptions: the notifications that a filter requests, and the part of a filter that
 * upstreams have agreed to.
 *
 * @spec basic/patterns/subscriptions#notification-filter
 */

import { textOf } from "lutra/internal";
import {
  type JSONRPCNotification,
  type ListChanged,
  listChangedMethods,
  resourceUpdatedMethod,
  type SubscriptionFilter,
} from "lutra/protocol";

/** The members of a filter that request list changes, with their notifications. */
export const listChanges = Object.entries(listChangedMethods) as [ListChanged, string][];

/** The member of a filter that requests a notification, by method. */
const members: ReadonlyMap<string, string> = new Map([
  ...listChanges.map(([member, method]) => [method, member] as const),
  [resourceUpdatedMethod, "resourceSubscriptions"],
]);

/**
 * Returns true if the filter requests the notification, or if an extension defines it. A subscription
 * to a resource includes updates of the resources below its URI.
 */
export function isPromised(
  { method, params }: JSONRPCNotification,
  filter: SubscriptionFilter,
): boolean {
  const member = members.get(method);
  if (member === undefined) return true;
  const agreed = filter[member];
  if (!Array.isArray(agreed)) return Boolean(agreed);
  return agreed.some((uri) => textOf(params?.uri).startsWith(uri));
}

/** Returns a notification for each change that the filter requests. */
export function changesOf(filter: SubscriptionFilter): readonly JSONRPCNotification[] {
  const lists = listChanges.filter(([member]) => filter[member] === true);
  return [
    ...lists.map(([, method]) => ({ jsonrpc: "2.0", method }) as const),
    ...(filter.resourceSubscriptions ?? []).map(
      (uri) => ({ jsonrpc: "2.0", method: resourceUpdatedMethod, params: { uri } }) as const,
    ),
  ];
}

/** Returns the part of the filter that at least one upstream agreed to, in the client's order. */
export function commonFilter(
  asked: SubscriptionFilter,
  agreed: readonly SubscriptionFilter[],
): SubscriptionFilter {
  const common: Record<string, unknown> = {};
  for (const [member, wanted] of Object.entries(asked)) {
    const values = agreed.map((filter) => filter[member]).filter(Boolean);
    if (values.length === 0) continue;
    if (!Array.isArray(wanted)) common[member] = values[0];
    else {
      const items = new Set(values.flatMap((value) => (Array.isArray(value) ? value : [])));
      const accepted = [...new Set<unknown>(wanted)].filter((item) => items.has(item));
      if (accepted.length > 0) common[member] = accepted;
    }
  }
  return common;
}
