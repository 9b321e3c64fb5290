/**
 * What change notifications say about cached responses.
 *
 * @spec server/utilities/caching#interaction-with-notifications
 */
import { canonicalJSON } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import { listPrompts } from "../protocol/prompts.ts";
import { listResources, listResourceTemplates, readResource } from "../protocol/resources.ts";
import {
  type ListChanged,
  listChangedMethods,
  resourceUpdatedMethod,
  type SubscriptionFilter,
} from "../protocol/subscriptions.ts";
import { listTools } from "../protocol/tools.ts";
import type { ResponseCacheMatch } from "../stores/response-cache.ts";

/** The lists that a change makes stale. */
const lists: { readonly [Member in ListChanged]: readonly Method[] } = {
  toolsListChanged: [listTools],
  promptsListChanged: [listPrompts],
  resourcesListChanged: [listResources, listResourceTemplates],
};

const changes = Object.entries(listChangedMethods) as [ListChanged, string][];

/** Which responses of one server to forget. */
export type StaleResponses = Omit<ResponseCacheMatch, "server">;

/**
 * The responses that a notification makes stale. `filter` is that of its subscription: the update
 * of a part is also one of a subscribed resource that contains it.
 */
export function staleAfter(
  { method, params }: Pick<JSONRPCNotification, "method" | "params">,
  filter: SubscriptionFilter = {},
): readonly StaleResponses[] {
  const change = changes.find(([, name]) => name === method);
  if (change !== undefined) return lists[change[0]].map(({ name }) => ({ method: name }));
  const uri = params?.uri;
  if (method !== resourceUpdatedMethod || typeof uri !== "string") return [];
  const subscribed = filter.resourceSubscriptions ?? [];
  const containers = subscribed.filter((container) => uri.startsWith(container));
  return [...new Set([uri, ...containers])].map((stale) => ({
    method: readResource.name,
    params: canonicalJSON({ uri: stale }),
  }));
}

/** The responses about whose changes a subscription has told, for when it tells no more. */
export function staleWithout(filter: SubscriptionFilter): readonly StaleResponses[] {
  const missed = changes.filter(([member]) => filter[member] === true);
  const stale = missed.flatMap(([, method]) => staleAfter({ method }));
  const reads = filter.resourceSubscriptions && { method: readResource.name };
  return reads ? [...stale, reads] : stale;
}
