/**
 * One subscription of a client, fed by subscriptions to upstreams.
 *
 * It is acknowledged when every upstream has answered, or after a short time with what was agreed by
 * then. It never carries changes that were not acknowledged. It lasts until the client disconnects,
 * its credentials expire, the gateway closes, or all upstreams have ended theirs and do not accept a
 * new one.
 *
 * @spec basic/patterns/subscriptions
 * @spec basic/authorization/index#token-handling
 */
import { setMaxListeners } from "node:events";
import { abortError, atTime, type NextStep, type StreamEnd } from "lutra/internal";
import {
  acknowledgedMethod,
  type JSONObject,
  type JSONRPCNotification,
  type RequestId,
  type Result,
  type SubscriptionFilter,
  withSubscriptionId,
} from "lutra/protocol";
import { type Branch, Branches } from "./branches.ts";
import { changesOf, commonFilter, isPromised } from "./filters.ts";
import type { FollowOptions } from "./follow-upstream.ts";
import { NotificationOutbox } from "./notification-outbox.ts";
import type { ReceivedRequest } from "./own-request.ts";
import type { SharedStreams } from "./shared-streams.ts";

export interface SubscriptionOptions extends FollowOptions {
  /** Maximum time the acknowledgment waits for upstreams, in milliseconds. @default 2000 */
  readonly gatherMs?: number | undefined;
  /**
   * Time after which an upstream that ends each new subscription early counts as ended, in
   * milliseconds. A subscription that lasts this long resets the time. @default 10000
   */
  readonly returnMs?: number | undefined;
  /** Called with every change, with the client's names, before the client is notified. */
  readonly onChange?: ((notification: JSONRPCNotification) => void) | undefined;
  /** The `_meta` of results that the gateway creates. */
  readonly meta?: JSONObject | undefined;
}

/**
 * The phases of a subscription:
 *
 * - `gathering`: waits for the answers of the upstreams
 * - `gathered`: each upstream has answered, or `gatherMs` has passed
 * - `open`: acknowledged; changes are forwarded
 * - `exhausted`: all upstreams have ended theirs
 * - `closed`: ended by the client, the end of its credentials, or the gateway
 */
type Phase = "gathering" | "gathered" | "open" | "exhausted" | "closed";

export class OpenSubscription {
  readonly #branches: Branches;
  readonly #received: ReceivedRequest;
  readonly #streams: SharedStreams;
  readonly #options: SubscriptionOptions;
  readonly #outbox: NotificationOutbox;
  readonly #controller = new AbortController();
  #phase: Phase = "gathering";
  /** Resolves the promise of `#endOf`. */
  #onPhase: () => void = () => {};
  /** The filter of the acknowledgment, once it was sent. */
  #acknowledged: SubscriptionFilter | undefined;

  constructor(
    branches: readonly Branch[],
    received: ReceivedRequest,
    { streams, ...options }: SubscriptionOptions & { readonly streams: SharedStreams },
  ) {
    const { now = () => performance.now(), returnMs = 10_000, onWarning = () => {} } = options;
    this.#branches = new Branches(branches, { now, returnMs });
    this.#received = received;
    this.#streams = streams;
    this.#options = options;
    this.#outbox = new NotificationOutbox(received.context.notify, onWarning);
  }

  /** Ends the subscription gracefully. */
  close(): void {
    this.#enter("closed");
  }

  /** Resolves at the graceful end. Rejects when no upstream accepts, and when the client aborts. */
  async run(): Promise<Result> {
    const { context, request } = this.#received;
    const { signal, principal } = context;
    const onAbort = () => this.close();
    const stopTimer = atTime(principal?.expiresAtMs, () => this.close());
    // Each upstream adds a listener; Node warns above 10.
    setMaxListeners(0, this.#controller.signal);
    signal.addEventListener("abort", onAbort);
    try {
      if (signal.aborted) throw abortError(signal);
      await this.#gather();
      if (signal.aborted) throw abortError(signal);
      this.#acknowledge(request.id);
      await this.#endOf("open");
      if (signal.aborted) throw abortError(signal);
      const { meta } = this.#options;
      return { resultType: "complete", ...withSubscriptionId(meta && { _meta: meta }, request.id) };
    } finally {
      stopTimer();
      signal.removeEventListener("abort", onAbort);
      this.#controller.abort();
      this.#outbox.close();
    }
  }

  /** Starts all branches. Resolves when each of them has answered, at the latest after `gatherMs`. */
  async #gather(): Promise<void> {
    const { gatherMs = 2000 } = this.#options;
    for (const branch of this.#branches.all) this.#follow(branch);
    this.#checkGathered();
    const timer = setTimeout(() => this.#finishGathering(), gatherMs);
    await this.#endOf("gathering");
    clearTimeout(timer);
  }

  #follow(branch: Branch): void {
    this.#streams.follow({
      upstream: branch.upstream,
      received: this.#received,
      filter: branch.filter,
      signal: this.#controller.signal,
      onAcknowledged: (filter) => this.#onAcknowledged(branch, filter),
      onNotification: (notification) => this.#onNotification(branch, notification),
      onEnd: (end) => this.#onStreamEnd(branch, end),
    });
  }

  #onAcknowledged(branch: Branch, filter: SubscriptionFilter): void {
    const acknowledged = this.#acknowledged;
    const agreed = branch.agreed(filter);
    const promised = acknowledged === undefined ? agreed : commonFilter(acknowledged, [agreed]);
    this.#branches.acknowledge(branch, promised);
    // Changes that happened while the stream was down are lost, so all possible ones are reported.
    if (acknowledged !== undefined) for (const change of changesOf(promised)) this.#push(change);
    this.#checkGathered();
  }

  /** Forwards the notifications that the upstream agreed to send, and no others. */
  #onNotification(branch: Branch, notification: JSONRPCNotification): void {
    const translated = branch.translate(notification);
    if (translated === undefined) return;
    if (isPromised(translated, this.#branches.agreedBy(branch))) this.#push(translated);
    else this.#options.onWarning?.(`${notification.method}: not requested, ignored`);
  }

  #onStreamEnd(branch: Branch, end: StreamEnd): NextStep {
    this.#branches.end(branch, end);
    if (this.#branches.haveEnded) this.#enter("exhausted");
    this.#checkGathered();
    return end.mayReopen ? "reopen" : "stop";
  }

  /** Ends the phase `gathering` when every upstream has answered. */
  #checkGathered(): void {
    if (this.#branches.haveAnswered) this.#finishGathering();
  }

  #finishGathering(): void {
    if (this.#phase === "gathering") this.#enter("gathered");
  }

  /** @spec basic/patterns/subscriptions#acknowledgment */
  #acknowledge(id: RequestId): void {
    const failure = this.#phase === "closed" ? undefined : this.#branches.failure();
    if (failure !== undefined) throw failure;
    const asked = (this.#received.request.params?.notifications ?? {}) as SubscriptionFilter;
    this.#acknowledged = commonFilter(asked, this.#branches.agreed);
    const params = withSubscriptionId({ notifications: this.#acknowledged }, id);
    this.#outbox.open({ jsonrpc: "2.0", method: acknowledgedMethod, params });
    if (this.#phase === "gathered") this.#enter("open");
  }

  #push(notification: JSONRPCNotification): void {
    this.#options.onChange?.(notification);
    const params = withSubscriptionId(notification.params, this.#received.request.id);
    this.#outbox.push({ ...notification, params });
  }

  /** Enters a phase. A closed subscription stays closed. */
  #enter(phase: Phase): void {
    if (this.#phase === "closed") return;
    this.#phase = phase;
    this.#onPhase();
  }

  /** Resolves when a phase has ended, at once when it is not the current one. */
  #endOf(phase: Phase): Promise<void> {
    if (this.#phase !== phase) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onPhase = resolve;
    });
  }
}
