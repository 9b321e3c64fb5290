/**
 * A client's subscription: a sequence of change notifications that outlives the streams that carry
 * it.
 *
 * @spec basic/patterns/subscriptions
 */
import type { Serve } from "../protocol/exchange.ts";
import { sizeOfJSON } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { listen, type SubscriptionFilter } from "../protocol/subscriptions.ts";
import { TransportError } from "../protocol/transport-error.ts";
import { abortError } from "../time/abort.ts";
import { followSubscription, type NextStep, type StreamEnd } from "./follow-subscription.ts";
import { maxWaitingBytes } from "./notification-buffer.ts";
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
  const work = () =>
    new Promise<Subscription>((resolve, reject) => {
      const subscription = new OpenSubscription(subscriptions, filter, options);
      subscription.run(() => resolve(subscription)).catch(reject);
    });
  const { sender } = subscriptions;
  const { auth } = sender.options;
  return auth?.afterSignIn(work, { signal: options.signal, open: sender.open }) ?? work();
}

/**
 * The phases of a subscription:
 *
 * - `opening`: no request was acknowledged
 * - `open`: a request was acknowledged; its stream may be interrupted
 * - `refused`: failed before an acknowledgment
 * - `broken`: failed after an acknowledgment, and is not opened again
 */
type Phase =
  | {
      readonly name: "opening" | "open";
      /** True when the current request repeats one whose protocol version was refused. */
      readonly hasRenegotiated: boolean;
    }
  | { readonly name: "refused" | "broken"; readonly error: unknown };

class OpenSubscription implements Subscription {
  acknowledged: SubscriptionFilter = {};
  readonly #subscriptions: Subscriptions;
  readonly #filter: SubscriptionFilter;
  readonly #options: ListenOptions;
  readonly #controller = new AbortController();
  readonly #queue: NotificationQueue;
  /** Settles when the last notification has reached the queue. */
  #delivered: Promise<void> = Promise.resolve();
  /** The size of the notifications that have not. */
  #deliveringBytes = 0;
  #phase: Phase = { name: "opening", hasRenegotiated: false };

  constructor(subscriptions: Subscriptions, filter: SubscriptionFilter, options: ListenOptions) {
    this.#subscriptions = subscriptions;
    this.#filter = filter;
    this.#options = options;
    const { onWarning } = subscriptions.sender.options;
    this.#queue = new NotificationQueue(() =>
      onWarning("subscription: too many notifications are unread; the oldest is dropped"),
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
    const entry = open.add(stop);
    try {
      await this.#follow(onOpen);
      const phase = this.#phase;
      if (phase.name === "opening") throw abortError(this.#controller.signal);
      if (phase.name === "refused") throw phase.error;
      await this.#delivered;
      this.#queue.end(phase.name === "broken" ? { error: phase.error } : {});
    } catch (error) {
      this.#queue.end({ error });
      throw error;
    } finally {
      open.delete(entry);
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
        if (this.#phase.name === "open") this.#deliver(notification, () => onGap(filter));
        this.#phase = { name: "open", hasRenegotiated: false };
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
    const phase = this.#phase;
    if ("error" in phase) return "stop";
    if (!phase.hasRenegotiated && versions.renegotiate(error)) {
      this.#phase = { ...phase, hasRenegotiated: true };
      return "reopenNow";
    }
    if (phase.name === "open" && relisten !== "never" && mayReopen) {
      sender.options.onWarning("subscription: interrupted; reopening after a pause", error);
      return "reopen";
    }
    this.#phase = { name: phase.name === "open" ? "broken" : "refused", error };
    return "stop";
  }

  /**
   * Awaits `before` and then queues the notification, so that its reader finds no outdated
   * responses in the cache.
   *
   * @throws {TransportError} `closed` when too many wait, so that the subscription is opened again
   */
  #deliver(notification: JSONRPCNotification, before: () => Promise<void>): void {
    const { onWarning } = this.#subscriptions.sender.options;
    const failed = (error: unknown) =>
      onWarning(`${notification.method}: cached responses may be outdated`, error);
    if (this.#deliveringBytes > maxWaitingBytes) {
      throw new TransportError("closed", "subscription: the response cache does not keep up");
    }
    // A small notification takes about a kilobyte until it is delivered.
    const bytes = 1024 + sizeOfJSON(notification);
    this.#deliveringBytes += bytes;
    this.#delivered = this.#delivered
      .then(before)
      .catch(failed)
      .then(() => {
        this.#deliveringBytes -= bytes;
        this.#queue.push(notification);
      });
  }

  #stop(reason: unknown): void {
    this.#controller.abort(reason);
    this.#queue.end({});
  }
}
