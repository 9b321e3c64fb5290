/**
 * Subscriptions: a stream of change notifications that is opened again when it breaks.
 *
 * @spec basic/patterns/subscriptions
 */
import { isProtocolError } from "../protocol/errors.ts";
import type { Serve } from "../protocol/exchange.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { listen, type SubscriptionFilter } from "../protocol/subscriptions.ts";
import { isTransportError } from "../protocol/transport-error.ts";
import { backoffMs, delay } from "../time/backoff.ts";
import { pauseBefore } from "../time/retry-after.ts";
import { closedError, requestOf } from "./exchange.ts";
import { NotificationQueue } from "./notification-queue.ts";
import type { Sender } from "./send.ts";
import { followSubscription } from "./subscription.ts";
import type { Versions } from "./versioning.ts";

export interface ListenOptions {
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined;
  /** How long the acknowledgment may take, in milliseconds. @default the client's timeoutMs */
  readonly timeoutMs?: number | undefined;
  /**
   * When the subscription is opened again by itself: after its connection broke; also after the
   * server ended it, which suits fleets whose replicas come and go; or never.
   * @default "broken"
   */
  readonly relisten?: "broken" | "ended" | "never" | undefined;
}

/**
 * Change notifications in the order of their arrival, for one reader. A change that waits to be
 * read is not repeated. After the subscription was opened again, the new acknowledgment is among
 * them, since changes in between are lost.
 *
 * Reading ends after the server has ended the subscription and after `close`. It throws when the
 * subscription can't be opened again. Leaving a `for await` loop closes the subscription.
 */
export interface Subscription extends AsyncIterable<JSONRPCNotification> {
  /** What the server agreed to send. */
  readonly acknowledged: SubscriptionFilter;
  readonly close: () => void;
}

export interface Subscriptions {
  readonly sender: Sender;
  /** Like the sender's, without what sends a request twice. */
  readonly serve: Serve;
  readonly versions: Versions;
  /** Hears every notification before its reader does, and of every moment that may have lost some. */
  readonly onChange: (
    notification: JSONRPCNotification,
    filter: SubscriptionFilter,
  ) => Promise<void>;
  readonly onGap: (filter: SubscriptionFilter) => Promise<void>;
}

/** The pace of opening a subscription again. */
const pace = { baseMs: 500, maxMs: 30_000 };
const maxWaiting = 1000;

/** Opens a subscription and waits for its acknowledgment. */
export function openSubscription(
  subscriptions: Subscriptions,
  filter: SubscriptionFilter,
  options: ListenOptions,
): Promise<Subscription> {
  return new Promise((resolve, reject) => {
    const following = new Following(subscriptions, filter, options);
    following.run(() => resolve(following)).then(undefined, reject);
  });
}

class Following implements Subscription {
  acknowledged: SubscriptionFilter = {};
  readonly #subscriptions: Subscriptions;
  readonly #filter: SubscriptionFilter;
  readonly #options: ListenOptions;
  readonly #controller = new AbortController();
  readonly #queue: NotificationQueue;
  #attempt = 0;
  #openedAt: number | undefined;
  /** Settles when the last notification has reached the queue. */
  #delivered: Promise<void> = Promise.resolve();
  #isOpen = false;
  #hasRenegotiated = false;

  constructor(subscriptions: Subscriptions, filter: SubscriptionFilter, options: ListenOptions) {
    this.#subscriptions = subscriptions;
    this.#filter = filter;
    this.#options = options;
    const { onWarning } = subscriptions.sender.options;
    this.#queue = new NotificationQueue(maxWaiting, () =>
      onWarning(`subscription: more than ${maxWaiting} notifications wait, the oldest is dropped`),
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

  /** Follows the subscription to its end. Rejects only where it was never acknowledged. */
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
      await this.#delivered;
      this.#queue.end({});
    } catch (error) {
      if (!this.#isOpen) throw error;
      await this.#delivered;
      this.#queue.end(this.#controller.signal.aborted ? {} : { error });
    } finally {
      open.delete(stop);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #follow(onOpen: () => void): Promise<void> {
    for (;;) {
      let pauseMs: number;
      try {
        await this.#listenOnce(onOpen);
        if (this.#options.relisten !== "ended") return;
        pauseMs = this.#pauseMs();
      } catch (error) {
        pauseMs = this.#pauseAfter(error);
      }
      await delay(pauseMs, this.#controller.signal);
    }
  }

  /** How long to wait before the next request. Throws the error again where it is final. */
  #pauseAfter(error: unknown): number {
    const { sender, versions } = this.#subscriptions;
    if (this.#controller.signal.aborted) throw error;
    if (this.#openedAt !== undefined) this.#hasRenegotiated = false;
    if (!this.#hasRenegotiated && versions.renegotiate(error)) {
      this.#hasRenegotiated = true;
      return 0;
    }
    if (!this.#mayRelisten(error)) throw error;
    sender.options.onWarning("subscription: interrupted, it is opened again", error);
    return pauseBefore(error, this.#pauseMs());
  }

  /** A subscription that lasted starts the pace afresh. */
  #pauseMs(): number {
    const { now, random } = this.#subscriptions.sender.options;
    const lasted = this.#openedAt === undefined ? 0 : now() - this.#openedAt;
    this.#openedAt = undefined;
    if (lasted > pace.maxMs) this.#attempt = 0;
    this.#attempt += 1;
    return backoffMs(this.#attempt - 1, random, pace);
  }

  #listenOnce(onOpen: () => void): Promise<void> {
    const { sender, serve, onChange, onGap } = this.#subscriptions;
    const filter = this.#filter;
    const params = { notifications: filter };
    return followSubscription(serve, {
      request: requestOf(sender, { method: listen.name, params, options: {} }),
      filter,
      signal: this.#controller.signal,
      timeoutMs: this.#options.timeoutMs ?? sender.options.timeoutMs,
      onWarning: sender.options.onWarning,
      onNotification: (notification) => {
        this.#deliver(notification, () => onChange(notification, filter));
      },
      onAcknowledged: (acknowledged, notification) => {
        this.acknowledged = acknowledged;
        this.#openedAt = sender.options.now();
        if (this.#isOpen) this.#deliver(notification, () => onGap(filter));
        this.#isOpen = true;
        onOpen();
      },
    });
  }

  /** Who reads of a change must not find the old state in the cache. */
  #deliver(notification: JSONRPCNotification, before: () => Promise<void>): void {
    this.#delivered = this.#delivered.then(before).then(() => this.#queue.push(notification));
  }

  /** A subscription that was never open fails; one that was is worth waiting for the server. */
  #mayRelisten(error: unknown): boolean {
    if (!this.#isOpen || this.#options.relisten === "never") return false;
    if (isProtocolError(error)) return error.reason === "internalError";
    if (!isTransportError(error)) return false;
    const { reason, status = 0 } = error;
    if (reason === "http") return status >= 500 || status === 429 || status === 408;
    return reason === "closed" || reason === "timeout";
  }

  #stop(reason: unknown): void {
    this.#controller.abort(reason);
    this.#queue.end({});
  }
}
