/**
 * Follows a subscription to one upstream on behalf of a client.
 *
 * @spec basic/patterns/subscriptions
 */
import {
  type FollowedSubscription,
  followSubscription,
  type NextStep,
  type Pace,
  type StreamEnd,
} from "lutra/internal";
import { listen, type SubscriptionFilter } from "lutra/protocol";
import type { Upstream } from "../upstreams/upstream.ts";
import { ownContext, ownRequest, type ReceivedRequest } from "./own-request.ts";

export interface FollowOptions {
  /** Maximum time until an upstream acknowledges, in milliseconds. @default 10000 */
  readonly acknowledgeMs?: number | undefined;
  /** Pauses before a subscription is opened again. @default from 200 milliseconds to 30 seconds */
  readonly pace?: Pace | undefined;
  readonly random?: (() => number) | undefined;
  readonly now?: (() => number) | undefined;
  readonly onWarning?: ((message: string, cause?: unknown) => void) | undefined;
}

export interface Following
  extends Pick<FollowedSubscription, "signal" | "onAcknowledged" | "onNotification"> {
  readonly upstream: Upstream;
  /** The request on whose behalf the gateway subscribes; its own filter is not used. */
  readonly received: ReceivedRequest;
  readonly filter: SubscriptionFilter;
  /** Called when a stream has ended. Returns the next step. */
  readonly onEnd: (end: StreamEnd) => NextStep;
}

/** The pauses before a subscription is opened again, by default. */
export const defaultPace: Pace = { baseMs: 200, maxMs: 30_000 };

/** Follows the subscription until the signal aborts or `onEnd` returns `stop`. Does not reject. */
export function followUpstream(following: Following, options: FollowOptions): Promise<void> {
  const { upstream, received, filter, ...handlers } = following;
  const { acknowledgeMs = 10_000, pace = defaultPace } = options;
  const { random = Math.random, now = () => performance.now(), onWarning } = options;
  const context = ownContext(received, listen.name, following.signal);
  return followSubscription({
    ...handlers,
    serve: upstream.serve,
    createRequest: () => ownRequest(received, listen.name, { notifications: filter }),
    context,
    acknowledgeMs,
    pace,
    random,
    now,
    onWarning: (message) => onWarning?.(`${upstream.name}: ${message}`),
  });
}
