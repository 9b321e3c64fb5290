/**
 * The subscriptions of clients to the gateway.
 *
 * @spec basic/patterns/subscriptions#graceful-closure
 */
import { callerOf, SubscriptionTable, sizeOfJSON } from "lutra/internal";
import type { Result } from "lutra/protocol";
import type { Branch } from "./branches.ts";
import { OpenSubscription, type SubscriptionOptions } from "./open-subscription.ts";
import type { ReceivedRequest } from "./own-request.ts";
import { SharedStreams } from "./shared-streams.ts";

export interface Subscriptions {
  /**
   * Opens a subscription. The promise is the result of the client's request. It rejects with status 429
   * if the caller or the route has too many.
   */
  readonly open: (branches: readonly Branch[], received: ReceivedRequest) => Promise<Result>;
  /** Ends all subscriptions with their graceful result; later ones end at once. */
  readonly close: () => void;
}

/** The limits of each route. Clients share streams to upstreams, whose own limits count each stream once. */
const defaultLimits = {
  maxSubscriptions: 10_000,
  maxSubscriptionBytes: 134_217_728,
  callerShare: 0.1,
};

/** @param limits The limits on open subscriptions, in all and for each caller */
export function createSubscriptions(
  options: SubscriptionOptions,
  limits = defaultLimits,
): Subscriptions {
  const table = new SubscriptionTable(limits);
  const open = new Set<OpenSubscription>();
  const own = { ...options, streams: new SharedStreams(options) };
  let isClosed = false;
  return {
    open: async (branches, received) => {
      const { request, context } = received;
      const leave = table.enter(callerOf(context), sizeOfJSON(request.params ?? {}));
      const subscription = new OpenSubscription(isClosed ? [] : branches, received, own);
      if (isClosed) subscription.close();
      open.add(subscription);
      try {
        return await subscription.run();
      } finally {
        open.delete(subscription);
        leave();
      }
    },
    close: () => {
      isClosed = true;
      for (const subscription of open) subscription.close();
    },
  };
}
