/**
 * Follows a subscription over as many `subscriptions/listen` requests as it takes: a stream that
 * breaks is reopened after a growing pause. The client and the gateway share these rules.
 *
 * Each stream starts with its acknowledgment, and its messages carry the id of its request.
 *
 * @spec basic/patterns/subscriptions
 */
import type { RequestContext, Serve } from "../protocol/exchange.ts";
import { isObject } from "../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest } from "../protocol/json-rpc.ts";
import { malformed } from "../protocol/method.ts";
import {
  acknowledgedMethod,
  type SubscriptionFilter,
  subscriptionIdOf,
} from "../protocol/subscriptions.ts";
import { isTransient } from "../protocol/transient.ts";
import { TransportError } from "../protocol/transport-error.ts";
import { unlessAborted } from "../time/abort.ts";
import { backoffMs, delay, type Pace } from "../time/backoff.ts";
import { pauseBefore } from "../time/retry-after.ts";

export interface FollowedSubscription {
  /** Sends a request once. */
  readonly serve: Serve;
  /** Creates the next `subscriptions/listen` request, with an id that is not in use. */
  readonly createRequest: () => JSONRPCRequest;
  /** Context of the requests; `signal` and `notify` are replaced. */
  readonly context?: Partial<RequestContext>;
  /** Ends the subscription. */
  readonly signal: AbortSignal;
  /** Maximum time until the acknowledgment, in milliseconds. */
  readonly acknowledgeMs: number;
  /** The growing pauses before the subscription is reopened. */
  readonly pace: Pace;
  readonly random: () => number;
  readonly now: () => number;
  /** Called for every stream, with the filter that the server agreed to. */
  readonly onAcknowledged: (filter: SubscriptionFilter, notification: JSONRPCNotification) => void;
  /** May throw the error with which the stream ends. */
  readonly onNotification: (notification: JSONRPCNotification) => void;
  /** Called when a stream has ended, unless `signal` ended it. Returns the next step. */
  readonly onEnd: (end: StreamEnd) => NextStep;
  readonly onWarning: (message: string) => void;
}

/** The end of one stream. */
export interface StreamEnd {
  /** Absent when the server ended the subscription with a result. */
  readonly error?: unknown;
  /** Time from the acknowledgment to the end, in milliseconds; 0 without an acknowledgment. */
  readonly lastedMs: number;
  /**
   * False for a failure that another request would meet again. The rule is that of `isTransient`:
   * a refusal and a malformed stream are final.
   */
  readonly mayReopen: boolean;
}

/** `reopen` opens the subscription again after a pause, `reopenNow` without one. */
export type NextStep = "reopen" | "reopenNow" | "stop";

/** Follows the subscription until `signal` aborts or `onEnd` returns `stop`. Does not reject. */
export async function followSubscription(followed: FollowedSubscription): Promise<void> {
  const { signal, pace, random } = followed;
  let attempt = 0;
  while (!signal.aborted) {
    const end = await new Stream(followed).run();
    if (signal.aborted) return;
    const step = followed.onEnd(end);
    if (step === "stop") return;
    if (step === "reopenNow") continue;
    // A subscription that lasted starts again with the shortest pause.
    if (end.lastedMs > pace.maxMs) attempt = 0;
    const pauseMs = pauseBefore(end.error, backoffMs(attempt, random, pace));
    await delay(pauseMs, signal).catch(() => {});
    attempt += 1;
  }
}

/** One `subscriptions/listen` request. */
class Stream {
  readonly #followed: FollowedSubscription;
  readonly #request: JSONRPCRequest;
  readonly #controller = new AbortController();
  #openedAt: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(followed: FollowedSubscription) {
    this.#followed = followed;
    this.#request = followed.createRequest();
  }

  async run(): Promise<StreamEnd> {
    const { serve, context, signal, acknowledgeMs } = this.#followed;
    const own = this.#controller;
    const onAbort = () => own.abort(signal.reason);
    signal.addEventListener("abort", onAbort);
    this.#timer = setTimeout(() => own.abort(lateError(acknowledgeMs)), acknowledgeMs);
    try {
      const sent = { ...context, signal: own.signal, notify: this.#notify };
      await unlessAborted(serve(this.#request, sent), own.signal);
      if (this.#openedAt === undefined) {
        throw malformed("subscription: ended before the acknowledgment");
      }
      return { lastedMs: this.#lastedMs(), mayReopen: true };
    } catch (error) {
      return { error, lastedMs: this.#lastedMs(), mayReopen: isTransient(error) };
    } finally {
      clearTimeout(this.#timer);
      signal.removeEventListener("abort", onAbort);
      own.abort();
    }
  }

  #lastedMs(): number {
    return this.#openedAt === undefined ? 0 : this.#followed.now() - this.#openedAt;
  }

  readonly #notify = (notification: JSONRPCNotification): void => {
    const { method } = notification;
    if (this.#controller.signal.aborted) return;
    if (subscriptionIdOf(notification) !== this.#request.id) {
      this.#followed.onWarning(`${method}: not of this subscription, ignored`);
    } else if (this.#openedAt !== undefined) {
      this.#pass(notification);
    } else if (method === acknowledgedMethod) {
      this.#acknowledge(notification);
    } else {
      this.#controller.abort(malformed(`${method}: came before the acknowledgment`));
    }
  };

  #pass(notification: JSONRPCNotification): void {
    try {
      this.#followed.onNotification(notification);
    } catch (error) {
      this.#controller.abort(error);
    }
  }

  /** @spec basic/patterns/subscriptions#acknowledgment */
  #acknowledge(notification: JSONRPCNotification): void {
    clearTimeout(this.#timer);
    this.#openedAt = this.#followed.now();
    const agreed = notification.params?.notifications;
    this.#followed.onAcknowledged(isObject(agreed) ? agreed : {}, notification);
  }
}

function lateError(ms: number): TransportError {
  return new TransportError("timeout", `No acknowledgment within ${ms} milliseconds`);
}
