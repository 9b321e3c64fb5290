/**
 * One subscription of a client, fed by those to upstreams.
 *
 * It is acknowledged when every upstream has answered, or after a short time with what was agreed by
 * then, and never with more than that. It lasts until the client leaves, the gateway closes, or the
 * upstreams have all ended theirs and do not come back.
 *
 * @spec basic/patterns/subscriptions
 */
import { abortError } from "lutra/internal";
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
import { type Down, type FollowOptions, followUpstream } from "./follow-upstream.ts";
import { NotificationOutbox } from "./notification-outbox.ts";
import type { Caller } from "./own-request.ts";
import { toUpstreamError } from "./parts.ts";

/** The share of one upstream in a subscription. */
export interface Branch {
  readonly upstream: Upstream;
  /** What it is asked for, in its own terms. */
  readonly filter: SubscriptionFilter;
  /** What it agreed to, in the client's terms. */
  readonly agreed: (filter: SubscriptionFilter) => SubscriptionFilter;
  /** A notification in the client's terms; absent for one that is not for the client. */
  readonly translate: (notification: JSONRPCNotification) => JSONRPCNotification | undefined;
}

export interface SubscriptionOptions extends FollowOptions {
  /** How long the acknowledgment waits for upstreams, in milliseconds. @default 2000 */
  readonly gatherMs?: number | undefined;
  /**
   * How long an upstream that ended the subscription may take to come back for good, in
   * milliseconds. @default 10000
   */
  readonly returnMs?: number | undefined;
  /** Hears of every change before the client does, in the client's terms. */
  readonly onChange?: ((notification: JSONRPCNotification) => void) | undefined;
  /** The `_meta` of results that the gateway makes. */
  readonly meta?: JSONObject | undefined;
}

/** Open subscriptions, and the way to end them. */
export interface Subscriptions {
  readonly open: (branches: readonly Branch[], caller: Caller) => Promise<Result>;
  /** Ends all with their graceful result; later ones end at once. */
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
  readonly #caller: Caller;
  readonly #options: SubscriptionOptions;
  readonly #outbox: NotificationOutbox;
  readonly #controller = new AbortController();
  readonly #states = new Map<Branch, State>();
  readonly #agreed = new Map<Branch, SubscriptionFilter>();
  readonly #errors = new Map<Branch, unknown>();
  /** Since when upstreams that ended the subscription are gone; forever for those that refuse it. */
  readonly #goneSince = new Map<Branch, number>();
  #acknowledged: SubscriptionFilter | undefined;
  #isEnded = false;
  #gathered: () => void = () => {};
  #finish: () => void = () => {};

  constructor(branches: readonly Branch[], caller: Caller, options: SubscriptionOptions) {
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

  /** Follows the subscription to its end; rejects where it can't begin, and when the client leaves. */
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

  /** Starts all branches; resolves when each of them has answered, or the time for that is over. */
  async #gather(): Promise<void> {
    const { gatherMs = 2000 } = this.#options;
    const gathered = new Promise<void>((resolve) => {
      this.#gathered = resolve;
    });
    for (const branch of this.#branches) void this.#follow(branch);
    const timer = setTimeout(this.#gathered, gatherMs);
    this.#settle();
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
        onDown: (down) => this.#onDown(branch, down),
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
    // What happened before, while nobody listened, is lost.
    if (acknowledged !== undefined) this.#announceGap(promised);
    this.#settle();
  }

  /** Passes on what the upstream agreed to send, and nothing else. */
  #onNotification(branch: Branch, notification: JSONRPCNotification): void {
    const translated = branch.translate(notification);
    if (translated === undefined) return;
    if (isPromised(translated, this.#agreed.get(branch) ?? {})) this.#push(translated);
    else this.#options.onWarning?.(`${notification.method}: not asked for, ignored`);
  }

  #onDown(branch: Branch, { error, lastedMs, isFinal }: Down): void {
    const { now = Date.now, returnMs = 10_000, onWarning } = this.#options;
    this.#states.set(branch, "down");
    if (error === undefined) {
      if (lastedMs >= returnMs) this.#goneSince.delete(branch);
      if (!this.#goneSince.has(branch)) this.#goneSince.set(branch, now());
    } else {
      this.#errors.set(branch, error);
      if (isFinal) this.#goneSince.set(branch, Number.NEGATIVE_INFINITY);
      onWarning?.(`subscription: interrupted by ${branch.upstream.name}`, error);
    }
    const isGone = (one: Branch) =>
      this.#states.get(one) === "down" && now() - (this.#goneSince.get(one) ?? now()) >= returnMs;
    if (this.#branches.every(isGone)) this.#finish();
    this.#settle();
  }

  /** Has the acknowledgment sent as soon as no upstream is waited for. */
  #settle(): void {
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
   * Why the subscription can't begin: no upstream agreed to anything, or one said what the client
   * has to change.
   */
  #failure(): ProtocolError | undefined {
    const refusals = [...this.#errors.values()].filter(isProtocolError);
    const needed = refusals.find(({ reason }) => reason === "missingRequiredClientCapability");
    if (needed !== undefined || this.#branches.length === 0 || this.#agreed.size > 0) return needed;
    for (const [branch, error] of this.#errors) return toUpstreamError(branch.upstream.name, error);
    const [first] = this.#branches;
    return first && new UpstreamError("timeout", first.upstream.name, "The upstream is too slow");
  }

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
