/** The types of `client.listen`. */
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import type { SubscriptionFilter } from "../protocol/subscriptions.ts";

export interface ListenOptions {
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined;
  /** Maximum time until the acknowledgment, in milliseconds. @default the client's timeoutMs */
  readonly timeoutMs?: number | undefined;
  /**
   * The ends after which the subscription is reopened automatically. `broken`: its connection
   * broke, or the server failed temporarily. `ended`: also when the server ended the subscription,
   * for example because a replica shut down. `never`: none.
   * @default "broken"
   */
  readonly relisten?: "broken" | "ended" | "never" | undefined;
}

/**
 * Change notifications in order of arrival, for one reader. A change that is still waiting to be
 * read is not repeated. Changes are lost while the subscription is down, so each new acknowledgment
 * is also in the sequence.
 *
 * Reading ends when the server ends the subscription, and after `close`. It throws when the
 * subscription can't be reopened. Leaving a `for await` loop closes the subscription.
 */
export interface Subscription extends AsyncIterable<JSONRPCNotification> {
  /** The filter that the server agreed to. */
  readonly acknowledged: SubscriptionFilter;
  readonly close: () => void;
}
