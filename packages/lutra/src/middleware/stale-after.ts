/**
 * The cached responses that a change notification invalidates.
 *
 * @spec server/utilities/caching#interaction-with-notifications
 */
import { canonicalJSON } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import type { Method } from "../protocol/method.ts";
import { coreMethods } from "../protocol/methods.ts";
import { readResource } from "../protocol/resources.ts";
import {
  type ListChanged,
  listChangedMethods,
  resourceUpdatedMethod,
  type SubscriptionFilter,
} from "../protocol/subscriptions.ts";
import type { ResponseCacheMatch } from "../stores/response-cache-key.ts";

const changes = Object.entries(listChangedMethods) as [ListChanged, string][];

/** A selection of the responses of one server. */
export type StaleResponses = Omit<ResponseCacheMatch, "server">;

/**
 * Returns the responses that a notification invalidates. `filter` is that of its subscription: an
 * update of a part also updates a subscribed resource that contains it. `methods` are those whose
 * responses are cached.
 */
export function staleAfter(
  { method, params }: Pick<JSONRPCNotification, "method" | "params">,
  filter: SubscriptionFilter = {},
  methods: readonly Method[] = coreMethods,
): readonly StaleResponses[] {
  const change = changes.find(([, name]) => name === method);
  if (change !== undefined) {
    const stale = methods.filter(({ changedBy }) => changedBy === change[0]);
    return stale.map(({ name }) => ({ method: name }));
  }
  const uri = params?.uri;
  if (method !== resourceUpdatedMethod || typeof uri !== "string") return [];
  const subscribed = filter.resourceSubscriptions ?? [];
  const containers = subscribed.filter((container) => uri.startsWith(container));
  return [...new Set([uri, ...containers])].map((stale) => ({
    method: readResource.name,
    params: canonicalJSON({ uri: stale }),
  }));
}

/** Returns the responses that may be outdated after a subscription was interrupted. */
export function staleWithout(
  filter: SubscriptionFilter,
  methods: readonly Method[] = coreMethods,
): readonly StaleResponses[] {
  const missed = changes.filter(([member]) => filter[member] === true);
  const stale = missed.flatMap(([, method]) => staleAfter({ method }, filter, methods));
  const reads = filter.resourceSubscriptions && { method: readResource.name };
  return reads ? [...stale, reads] : stale;
}
