/**
 * The subscriptions of clients to the gateway.
 *
 * @spec basic/patterns/subscriptions#graceful-closure
 */
import type { Result } from "lutra/protocol";
import type { Branch } from "./branches.ts";
import { OpenSubscription, type SubscriptionOptions } from "./open-subscription.ts";
import type { ReceivedRequest } from "./own-request.ts";
import { SharedStreams } from "./shared-streams.ts";

export interface Subscriptions {
  /** Opens a subscription. The promise is the result of the client's request. */
  readonly open: (branches: readonly Branch[], received: ReceivedRequest) => Promise<Result>;
  /** Ends all subscriptions with their graceful result; later ones end at once. */
  readonly close: () => void;
}

export function createSubscriptions(options: SubscriptionOptions): Subscriptions {
  const open = new Set<OpenSubscription>();
  const own = { ...options, streams: new SharedStreams(options) };
  let isClosed = false;
  return {
    open: async (branches, received) => {
      const subscription = new OpenSubscription(isClosed ? [] : branches, received, own);
      if (isClosed) subscription.close();
      open.add(subscription);
      try {
        return await subscription.run();
      } finally {
        open.delete(subscription);
      }
    },
    close: () => {
      isClosed = true;
      for (const subscription of open) subscription.close();
    },
  };
}
