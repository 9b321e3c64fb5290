/**
 * The subscriptions of clients, each fed by subscriptions to upstreams.
 *
 * A subscription is acknowledged when every upstream has answered, or after `gatherMs` with the
 * filter that was accepted by then. After that, it never carries more than was acknowledged. It
 * lasts until the client disconnects, the gateway closes, or all upstreams have ended it and do not
 * accept a new one.
 *
 * @spec basic/patterns/subscriptions
 */
import { abortError, type NextStep, type StreamEnd } from "lutra/internal";
import {
  acknowledgedMethod,
  isProtocolError,
  type JSONObject,
  type JSONRPCNotification,
  type ProtocolError,
  type RequestId,
  type Result,
  resourceUpdatedMethod,
  type SubscriptionFilter,
  withSubscriptionId,
} from "lutra/protocol";
import { UpstreamError } from "../delivery/upstream-error.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import { commonFilter, isPromised, listChanges } from "./filters.ts";
import { type FollowOptions, followUpstream } from "./follow-upstream.ts";
import { upstreamErrorOf } from "./merge-errors.ts";
import { NotificationOutbox } from "./notification-outbox.ts";
import type { ReceivedRequest } from "./own-request.ts";

/** The part of a subscription that one upstream feeds. */
export interface Branch {
  readonly upstream: Upstream;
  /** The filter for the upstream, with the upstream's own names. */
  readonly filter: SubscriptionFilter;
  /** Translates a filter that the upstream acknowledged to the client's names. */
  readonly agreed: (filter: SubscriptionFilter) => SubscriptionFilter;
  /** Translates a notification; returns `undefined` for one that is not for the client. */
  readonly translate: (notification: JSONRPCNotification) => JSONRPCNotification | undefined;
}

export interface SubscriptionOptions extends FollowOptions {
  /** Maximum time the acknowledgment waits for upstreams, in milliseconds. @default 2000 */
  readonly gatherMs?: number | undefined;
  /**
   * Maximum time for an upstream that ended the subscription to accept a new one, in milliseconds.
   * The time starts again only after a stream that lasted as long. @default 10000
   */
  readonly returnMs?: number | undefined;
  /** Called with every change, under the client's names, before the client is notified. */
  readonly onChange?: ((notification: JSONRPCNotification) => void) | undefined;
  /** The `_meta` of results that the gateway creates. */
  readonly meta?: JSONObject | undefined;
}

export interface Subscriptions {
  /** Opens a subscription. Resolves with the result of the client's request. */
  readonly open: (branches: readonly Branch[], caller: ReceivedRequest) => Promise<Result>;
  /** Ends all subscriptions with their graceful result; later ones end at once. */
  readonly close: () => void;
}

export function createSubscriptions(options: SubscriptionOptions): Subscriptions {
  const open = new Set<OpenSubscription>();
  let isClosed = false;
  return {
    open: async (branches, caller) => {
      const subscription = new OpenSubscription(isClosed ? [] : branches, caller, options);
      if (isClosed) subscription.end();
      open.add(subscription);
      try {
        return await subscription.run();
      } finally {
        open.delete(subscription);
      }
    },
    close: () => {
      isClosed = true;
      for (const subscription of open) subscription.end();
    },
  };
}

type State = "waiting" | "open" | "down";

class OpenSubscription {
  readonly #branches: readonly Branch[];
  readonly #caller: ReceivedRequest;
  readonly #options: SubscriptionOptions;
  readonly #outbox: NotificationOutbox;
  readonly #controller = new AbortController();
  readonly #states = new Map<Branch, State>();
  readonly #agreed = new Map<Branch, SubscriptionFilter>();
  readonly #errors = new Map<Branch, unknown>();
  /** The time at which the upstream ended a branch; -Infinity if it is not reopened. */
  readonly #endedSince = new Map<Branch, number>();
  #acknowledged: SubscriptionFilter | undefined;
  #isEnded = false;
  #gathered: () => void = () => {};
  #finish: () => void = () => {};

  constructor(branches: readonly Branch[], caller: ReceivedRequest, options: SubscriptionOptions) {
    this.#branches = branches;
    this.#caller = caller;
    this.#options = options;
    const onWarning = options.onWarning ?? (() => {});
    this.#outbox = new NotificationOutbox(caller.context.notify, onWarning);
    for (const branch of branches) this.#states.set(branch, "waiting");
  }

  /** Ends the subscription gracefully. */
  end(): void {
    this.#isEnded = true;
    this.#finish();
    this.#gathered();
  }

  /** Resolves at its graceful end. Rejects when no upstream accepts it or the client aborts. */
  async run(): Promise<Result> {
    const { context, request } = this.#caller;
    const ended = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    const onAbort = () => this.end();
    context.signal.addEventListener("abort", onAbort);
    try {
      if (context.signal.aborted) throw abortError(context.signal);
      await this.#gather();
      if (context.signal.aborted) throw abortError(context.signal);
      this.#acknowledge(request.id);
      if (!this.#isEnded) await ended;
      if (context.signal.aborted) throw abortError(context.signal);
      const { meta } = this.#options;
      return { resultType: "complete", ...withSubscriptionId(meta && { _meta: meta }, request.id) };
    } finally {
      context.signal.removeEventListener("abort", onAbort);
      this.#controller.abort();
      this.#outbox.close();
    }
  }

  /** Starts all branches. Resolves when each has answered, or after `gatherMs`. */
  async #gather(): Promise<void> {
    const { gatherMs = 2000 } = this.#options;
    const gathered = new Promise<void>((resolve) => {
      this.#gathered = resolve;
    });
    for (const branch of this.#branches) void this.#follow(branch);
    const timer = setTimeout(this.#gathered, gatherMs);
    this.#checkGathered();
    await gathered;
    clearTimeout(timer);
  }

  #follow(branch: Branch): Promise<void> {
    return followUpstream(
      {
        upstream: branch.upstream,
        caller: this.#caller,
        filter: branch.filter,
        signal: this.#controller.signal,
        onAcknowledged: (filter) => this.#onAcknowledged(branch, filter),
        onNotification: (notification) => this.#onNotification(branch, notification),
        onEnd: (end) => this.#onStreamEnd(branch, end),
      },
      this.#options,
    );
  }

  #onAcknowledged(branch: Branch, filter: SubscriptionFilter): void {
    const acknowledged = this.#acknowledged;
    const agreed = branch.agreed(filter);
    const promised = acknowledged === undefined ? agreed : commonFilter(acknowledged, [agreed]);
    this.#agreed.set(branch, promised);
    this.#states.set(branch, "open");
    this.#errors.delete(branch);
    // Changes that happened while the stream was down are lost.
    if (acknowledged !== undefined) this.#announceGap(promised);
    this.#checkGathered();
  }

  /** Forwards the notifications that the upstream agreed to send, and no others. */
  #onNotification(branch: Branch, notification: JSONRPCNotification): void {
    const translated = branch.translate(notification);
    if (translated === undefined) return;
    if (isPromised(translated, this.#agreed.get(branch) ?? {})) this.#push(translated);
    else this.#options.onWarning?.(`${notification.method}: not requested, ignored`);
  }

  #onStreamEnd(branch: Branch, { error, lastedMs, mayReopen }: StreamEnd): NextStep {
    const { now = Date.now, returnMs = 10_000, onWarning } = this.#options;
    this.#states.set(branch, "down");
    if (error === undefined) {
      if (lastedMs >= returnMs) this.#endedSince.delete(branch);
      if (!this.#endedSince.has(branch)) this.#endedSince.set(branch, now());
    } else {
      this.#errors.set(branch, error);
      if (!mayReopen) this.#endedSince.set(branch, Number.NEGATIVE_INFINITY);
      onWarning?.(`subscription: interrupted by ${branch.upstream.name}`, error);
    }
    const hasEnded = (one: Branch) =>
      this.#states.get(one) === "down" && now() - (this.#endedSince.get(one) ?? now()) >= returnMs;
    if (this.#branches.every(hasEnded)) this.#finish();
    this.#checkGathered();
    return mayReopen ? "reopen" : "stop";
  }

  /** Ends the wait for acknowledgments once every upstream has answered. */
  #checkGathered(): void {
    if ([...this.#states.values()].includes("waiting")) return;
    this.#gathered();
  }

  /** @spec basic/patterns/subscriptions#acknowledgment */
  #acknowledge(id: RequestId): void {
    const failure = this.#isEnded ? undefined : this.#failure();
    if (failure !== undefined) throw failure;
    const asked = (this.#caller.request.params?.notifications ?? {}) as SubscriptionFilter;
    this.#acknowledged = commonFilter(asked, [...this.#agreed.values()]);
    const params = withSubscriptionId({ notifications: this.#acknowledged }, id);
    this.#outbox.open({ jsonrpc: "2.0", method: acknowledgedMethod, params });
  }

  /**
   * Returns the reason why the subscription can't start: no upstream agreed to anything, or one
   * requires a capability that the client has to declare.
   */
  #failure(): ProtocolError | undefined {
    const refusals = [...this.#errors.values()].filter(isProtocolError);
    const needed = refusals.find(({ reason }) => reason === "missingRequiredClientCapability");
    if (needed !== undefined || this.#branches.length === 0 || this.#agreed.size > 0) return needed;
    for (const [branch, error] of this.#errors) return upstreamErrorOf(branch.upstream.name, error);
    const [first] = this.#branches;
    return first && new UpstreamError("timeout", first.upstream.name, "The upstream is too slow");
  }

  /** Notifies the client of everything that may have changed while a stream was interrupted. */
  #announceGap(agreed: SubscriptionFilter): void {
    for (const [member, method] of listChanges) {
      if (agreed[member] === true) this.#push({ jsonrpc: "2.0", method });
    }
    for (const uri of agreed.resourceSubscriptions ?? []) {
      this.#push({ jsonrpc: "2.0", method: resourceUpdatedMethod, params: { uri } });
    }
  }

  #push(notification: JSONRPCNotification): void {
    this.#options.onChange?.(notification);
    const params = withSubscriptionId(notification.params, this.#caller.request.id);
    this.#outbox.push({ ...notification, params });
  }
}
