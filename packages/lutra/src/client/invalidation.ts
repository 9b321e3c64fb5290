/**
 * Removes cached responses when a subscription reports a change, or may have missed one.
 *
 * @spec server/utilities/caching#interaction-with-notifications
 */
import type { Caching } from "../middleware/caching.ts";
import { type StaleResponses, staleAfter, staleWithout } from "../middleware/stale-after.ts";
import type { Method } from "../protocol/method.ts";
import type { Subscriptions } from "./open-subscription.ts";

/**
 * Creates the callbacks of subscriptions. `onStale` has, by method, functions that forget what else
 * the client has read from a method's responses. `methods` are those of the client.
 */
export function createInvalidation(
  caching: Caching,
  onStale: ReadonlyMap<string, () => void>,
  methods: readonly Method[],
): Pick<Subscriptions, "onChange" | "onGap"> {
  async function forget(all: readonly StaleResponses[]): Promise<void> {
    for (const { method } of all) onStale.get(method)?.();
    await Promise.all(all.map((stale) => caching.forget(stale)));
  }
  return {
    onChange: (notification, filter) => forget(staleAfter(notification, filter, methods)),
    onGap: (filter) => forget(staleWithout(filter, methods)),
  };
}
