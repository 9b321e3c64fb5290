/**
 * Open `subscriptions/listen` requests, fed from the event bus.
 *
 * @spec basic/patterns/subscriptions
 */
import { callerOf } from "../protocol/caller.ts";
import { chain, isThenable } from "../protocol/chain.ts";
import { invalidParams } from "../protocol/errors.ts";
import type { Principal, RequestContext } from "../protocol/exchange.ts";
import { type JSONObject, sizeOfJSON } from "../protocol/json.ts";
import type { JSONRPCRequest, RequestId, Result } from "../protocol/json-rpc.ts";
import type { ListChanged, ListenParams, SubscriptionFilter } from "../protocol/subscriptions.ts";
import {
  acknowledgedMethod,
  listChangedMethods,
  resourceUpdatedMethod,
  withSubscriptionId,
} from "../protocol/subscriptions.ts";
import { TransportError } from "../protocol/transport-error.ts";
import { normalURI } from "../protocol/uri.ts";
import { type EventBus, eventGapTopic } from "../stores/event-bus.ts";
import { atTime } from "../time/at-time.ts";
import type { AcceptedMembers, AcceptMembers } from "./filter-member.ts";
import { SubscriptionTable, type TableLimits } from "./subscription-table.ts";

export interface SubscriptionsOptions {
  readonly bus: () => EventBus;
  /** The list changes that this server announces. */
  readonly announces: ReadonlySet<ListChanged>;
  /** Returns the resources that exist, and whose updates the caller may follow. */
  readonly followable: (
    uris: readonly string[],
    principal: Principal | undefined,
  ) => readonly string[] | Promise<readonly string[]>;
  /** Maximum number of resources that one subscription may name. */
  readonly maxResources: number;
  /** Limits on all subscriptions. */
  readonly limits: TableLimits;
  /** Accepts the filter members of extensions. */
  readonly acceptMembers: AcceptMembers;
  readonly meta: JSONObject | undefined;
}

export interface Subscriptions {
  readonly listen: (
    params: ListenParams,
    request: JSONRPCRequest,
    context: RequestContext,
  ) => Promise<Result>;
  /** Ends all subscriptions with a graceful result. Later subscriptions end immediately. */
  readonly close: () => void;
}

/** Returns the event bus topic for updates of one resource. */
export function resourceTopic(uri: string): string {
  return `${resourceUpdatedMethod} ${normalURI(uri)}`;
}

/** Serves `subscriptions/listen`. The promise of a request is pending while its stream is open. */
export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const open = new Set<() => void>();
  const table = new SubscriptionTable(options.limits);
  let isClosed = false;

  function follow(
    accepted: SubscriptionFilter,
    { id }: JSONRPCRequest,
    { context, members }: { readonly context: RequestContext; readonly members?: AcceptedMembers },
  ): Promise<Result> {
    const notifications = members ? { ...accepted, ...members.values } : accepted;
    notify(context, acknowledgedMethod, { notifications }, id);
    return new Promise((resolve, reject) => {
      const subscribed = subscribe(accepted, id, context, options.bus());
      const stopTimer = atTime(context.principal?.expiresAtMs, () => end());
      const finish = () => {
        stopTimer();
        open.delete(end);
        context.signal.removeEventListener("abort", abort);
        for (const unsubscribe of subscribed) unsubscribe();
        members?.stop();
      };
      const end = () => {
        finish();
        resolve(gracefulResult(id, options.meta));
      };
      const abort = () => {
        finish();
        reject(new TransportError("aborted", "the subscription was cancelled"));
      };
      open.add(end);
      context.signal.addEventListener("abort", abort);
      if (context.signal.aborted) abort();
      else if (isClosed) end();
      else members?.start();
    });
  }

  return {
    listen: async ({ notifications }, request, context) => {
      requireFewResources(notifications, options.maxResources);
      const leave = table.enter(callerOf(context), memoryOf(notifications));
      try {
        const accepting = acceptedFilter(notifications, context.principal, options);
        const accepted = isThenable(accepting) ? await accepting : accepting;
        const send = (method: string, params: JSONObject) =>
          notify(context, method, params, request.id);
        const members = options.acceptMembers(notifications, { context, send });
        if (members === undefined) return await follow(accepted, request, { context });
        return await follow(accepted, request, { context, members: await members });
      } finally {
        leave();
      }
    },
    close: () => {
      isClosed = true;
      for (const end of open) end();
    },
  };
}

/** @throws {ProtocolError} `invalidParams` for a filter that names too many resources */
function requireFewResources(
  { resourceSubscriptions = [] }: SubscriptionFilter,
  maxResources: number,
): void {
  if (resourceSubscriptions.length <= maxResources) return;
  const limit = `expected at most ${maxResources} resources`;
  throw invalidParams(`params.notifications.resourceSubscriptions: ${limit}`);
}

/** Returns the approximate memory of a subscription: its filter, and a listener for each part. */
function memoryOf(filter: SubscriptionFilter): number {
  const listeners = 2 + (filter.resourceSubscriptions?.length ?? 0);
  return sizeOfJSON(filter) + listeners * listenerBytes;
}

/** The approximate memory of a listener on the event bus, in bytes. */
const listenerBytes = 512;

/** Returns the part of the filter that this server honours, for the acknowledgment. */
function acceptedFilter(
  filter: SubscriptionFilter,
  principal: Principal | undefined,
  options: SubscriptionsOptions,
): SubscriptionFilter | Promise<SubscriptionFilter> {
  const accepted: Record<string, unknown> = {};
  for (const name of options.announces) if (filter[name] === true) accepted[name] = true;
  const wanted = filter.resourceSubscriptions;
  if (wanted === undefined) return accepted;
  return chain(options.followable(wanted, principal), (resourceSubscriptions) =>
    resourceSubscriptions.length > 0 ? { ...accepted, resourceSubscriptions } : accepted,
  );
}

function subscribe(
  accepted: SubscriptionFilter,
  id: RequestId,
  context: RequestContext,
  bus: EventBus,
): readonly (() => void)[] {
  const subscribed: (() => void)[] = [];
  const followed: { readonly method: string; readonly params: JSONObject }[] = [];
  const on = (topic: string, method: string, params: JSONObject = {}) => {
    followed.push({ method, params });
    // The client gets the URI as it spelled it, which may differ from that of the update.
    const listener = (event: JSONObject) => notify(context, method, { ...event, ...params }, id);
    subscribed.push(bus.subscribe(topic, listener));
  };
  for (const [name, method] of Object.entries(listChangedMethods)) {
    if (accepted[name] === true) on(method, method);
  }
  for (const uri of accepted.resourceSubscriptions ?? []) {
    on(resourceTopic(uri), resourceUpdatedMethod, { uri });
  }
  // Events were lost, so anything in the filter may have changed.
  const missed = () => {
    for (const { method, params } of followed) notify(context, method, params, id);
  };
  subscribed.push(bus.subscribe(eventGapTopic, missed));
  return subscribed;
}

/**
 * Sends without waiting for a slow client, because waiting would delay the other clients. The
 * transport disconnects a client that is too slow.
 */
function notify(context: RequestContext, method: string, params: JSONObject, id: RequestId): void {
  void context.notify({ jsonrpc: "2.0", method, params: withSubscriptionId(params, id) });
}

/** @spec basic/patterns/subscriptions#graceful-closure */
function gracefulResult(id: RequestId, meta: JSONObject | undefined): Result {
  return { resultType: "complete", ...withSubscriptionId(meta && { _meta: meta }, id) };
}
