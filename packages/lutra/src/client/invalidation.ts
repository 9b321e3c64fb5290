/**
 * Forgets cached responses when a subscription tells of a change, or when it may have missed one.
 *
 * @spec server/utilities/caching#interaction-with-notifications
 */
import type { Caching } from "../middleware/caching.ts";
import { type StaleResponses, staleAfter, staleWithout } from "../middleware/stale-after.ts";
import { listTools } from "../protocol/tools.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { Tools } from "./tools.ts";

export function createInvalidation(
  caching: Caching,
  tools: Tools,
): Pick<Subscriptions, "onChange" | "onGap"> {
  async function forget(all: readonly StaleResponses[]): Promise<void> {
    if (all.some(({ method }) => method === listTools.name)) tools.forget();
    await Promise.all(all.map((stale) => caching.forget(stale)));
  }
  return {
    onChange: (notification, filter) => forget(staleAfter(notification, filter)),
    onGap: (filter) => forget(staleWithout(filter)),
  };
}
