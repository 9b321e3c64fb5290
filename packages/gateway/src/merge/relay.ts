/**
 * One upstream as it is, but for its subscriptions: they outlive its replicas, and end gracefully
 * when the gateway does.
 *
 * @spec basic/patterns/subscriptions#graceful-closure
 */
import { type JSONObject, listen, type Serve } from "lutra/protocol";
import type { Upstream } from "../upstreams/upstream.ts";
import { createSubscriptions, type SubscriptionOptions } from "./subscription.ts";

export interface Relay {
  readonly serve: Serve;
  /** Ends subscriptions gracefully. Other requests are still passed on. */
  readonly close: () => Promise<void>;
}

export type RelayOptions = Omit<SubscriptionOptions, "meta">;

/** Passes everything on to the upstream unchanged, and follows its subscriptions. */
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
