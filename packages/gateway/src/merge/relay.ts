/**
 * One upstream, unchanged except for its subscriptions: they outlive the upstream's replicas, and end
 * gracefully when the gateway closes.
 *
 * @spec basic/patterns/subscriptions#graceful-closure
 */
import { type JSONObject, listen, type Serve } from "lutra/protocol";
import type { Upstream } from "../upstreams/upstream.ts";
import type { SubscriptionOptions } from "./open-subscription.ts";
import { createSubscriptions } from "./subscription.ts";

export interface Relay {
  readonly serve: Serve;
  /** Ends subscriptions gracefully. Other requests are still forwarded. */
  readonly close: () => Promise<void>;
}

export type RelayOptions = Omit<SubscriptionOptions, "meta">;

/** Creates a relay. It forwards requests unchanged, and follows subscriptions. */
export function createRelay(upstream: Upstream, options: RelayOptions = {}): Relay {
  const subscriptions = createSubscriptions(options);
  return {
    serve: (request, context) => {
      if (request.method !== listen.name) return upstream.serve(request, context);
      const filter = (request.params?.notifications ?? {}) as JSONObject;
      const branch = {
        upstream,
        filter,
        agreed: (agreed: JSONObject) => agreed,
        translate: <T>(notification: T) => notification,
      };
      return subscriptions.open([branch], { request, context });
    },
    close: async () => subscriptions.close(),
  };
}
