/**
 * A client's subscription: a sequence of change notifications that outlives the streams that carry
 * it.
 *
 * @spec basic/patterns/subscriptions
 */
import type { Serve } from "../protocol/exchange.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { listen, type SubscriptionFilter } from "../protocol/subscriptions.ts";
import { abortError } from "../time/abort.ts";
import { followSubscription, type NextStep, type StreamEnd } from "./follow-subscription.ts";
import { maxWaiting } from "./notification-buffer.ts";
import { NotificationQueue } from "./notification-queue.ts";
import { declinedMembers, isRequested } from "./requested-changes.ts";
import { closedError, noOptions, requestOf, type Sender } from "./send.ts";
import type { ListenOptions, Subscription } from "./subscription.ts";
import type { Versions } from "./versioning.ts";

export interface Subscriptions {
  readonly sender: Sender;
  /** Sends a request once. The sender's `serve` may send it again. */
  readonly serve: Serve;
  readonly versions: Versions;
  /** Called with each notification before the reader receives it. */
  readonly onChange: (
    notification: JSONRPCNotification,
    filter: SubscriptionFilter,
  ) => Promise<void>;
  /** Called when notifications may have been lost. */
  readonly onGap: (filter: SubscriptionFilter) => Promise<void>;
}

/** The growing pauses before a subscription is reopened. */
const pace = { baseMs: 500, maxMs: 30_000 };

/** Opens a subscription and waits for its acknowledgment. */
export function openSubscription(
  subscriptions: Subscriptions,
  filter: SubscriptionFilter,
  options: ListenOptions,
): Promise<Subscription> {
  return new Promise((resolve, reject) => {
    const subscription = new OpenSubscription(subscriptions, filter, options);
    subscription.run(() => resolve(subscription)).catch(reject);
  });
}

class OpenSubscription implements Subscription {
  acknowledged: SubscriptionFilter = {};
  readonly #subscriptions: Subscriptions;
  readonly #filter: SubscriptionFilter;
  readonly #options: ListenOptions;
  readonly #controller = new AbortController();
  readonly #queue: NotificationQueue;
  /** Settles when the last notification has reached the queue. */
  #delivered: Promise<void> = Promise.resolve();
  #isOpen = false;
  #hasRenegotiated = false;
  /** The error that ended the subscription. */
  #failure: unknown;

  constructor(subscriptions: Subscriptions, filter: SubscriptionFilter, options: ListenOptions) {
    this.#subscriptions = subscriptions;
    this.#filter = filter;
    this.#options = options;
    const { onWarning } = subscriptions.sender.options;
    this.#queue = new NotificationQueue(() =>
      onWarning(
        `subscription: more than ${maxWaiting} notifications are unread; the oldest is dropped`,
      ),
    );
  }

  readonly close = (): void => {
    this.#stop(closedError());
  };

  [Symbol.asyncIterator](): AsyncIterator<JSONRPCNotification, undefined> {
    return {
      next: () => this.#queue.next(),
      return: async () => {
        this.close();
        return { done: true, value: undefined };
      },
    };
  }

  /** Follows the subscription until it ends. Rejects only if it was never acknowledged. */
  async run(onOpen: () => void): Promise<void> {
    const { open, isClosed } = this.#subscriptions.sender;
    const { signal } = this.#options;
    if (isClosed()) throw closedError();
    const stop = (error: unknown) => this.#stop(error);
    const onAbort = () => stop(signal?.reason);
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort);
    open.add(stop);
    try {
      await this.#follow(onOpen);
      if (!this.#isOpen) throw this.#failure ?? abortError(this.#controller.signal);
      await this.#delivered;
      this.#queue.end({ error: this.#failure });
    } finally {
      open.delete(stop);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #follow(onOpen: () => void): Promise<void> {
    const { sender, serve, onChange, onGap } = this.#subscriptions;
    const { now, random, onWarning, timeoutMs } = sender.options;
    const filter = this.#filter;
    const params = { notifications: filter };
    return followSubscription({
      serve,
      createRequest: () => requestOf(sender, { method: listen.name, params, options: noOptions }),
      signal: this.#controller.signal,
      acknowledgeMs: this.#options.timeoutMs ?? timeoutMs,
      pace,
      now,
      random,
      onWarning,
      onNotification: (notification) => {
        if (isRequested(notification, filter)) {
          this.#deliver(notification, () => onChange(notification, filter));
        } else onWarning(`${notification.method}: not requested, ignored`);
      },
      onAcknowledged: (agreed, notification) => {
        for (const member of declinedMembers(filter, agreed)) {
          onWarning(`subscription: the server declined all or part of ${member}`);
        }
        this.acknowledged = agreed;
        this.#hasRenegotiated = false;
        if (this.#isOpen) this.#deliver(notification, () => onGap(filter));
        this.#isOpen = true;
        onOpen();
      },
      onEnd: (end) => this.#onEnd(end),
    });
  }

  /**
   * Returns the next step after the end of a stream. If the first request fails, it is repeated
   * only when the server refused its protocol version.
   */
  #onEnd({ error, mayReopen }: StreamEnd): NextStep {
    const { sender, versions } = this.#subscriptions;
    const { relisten = "broken" } = this.#options;
    if (error === undefined) return relisten === "ended" ? "reopen" : "stop";
    if (!this.#hasRenegotiated && versions.renegotiate(error)) {
      this.#hasRenegotiated = true;
      return "reopenNow";
    }
    if (this.#isOpen && relisten !== "never" && mayReopen) {
      sender.options.onWarning("subscription: interrupted; reopening after a pause", error);
      return "reopen";
    }
    this.#failure = error;
    return "stop";
  }

  /**
   * Awaits `before` and then queues the notification, so that its reader finds no outdated
   * responses in the cache.
   */
  #deliver(notification: JSONRPCNotification, before: () => Promise<void>): void {
    this.#delivered = this.#delivered.then(before).then(() => this.#queue.push(notification));
  }

  #stop(reason: unknown): void {
    this.#controller.abort(reason);
    this.#queue.end({});
  }
}
