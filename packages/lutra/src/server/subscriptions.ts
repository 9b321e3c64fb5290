/**
 * Open `subscriptions/listen` requests, fed from the event bus.
 *
 * @spec basic/patterns/subscriptions
 */
import { invalidParams } from "../protocol/errors.ts";
import type { RequestContext } from "../protocol/exchange.ts";
import type { JSONObject } from "../protocol/json.ts";
import type { JSONRPCRequest, RequestId, Result } from "../protocol/json-rpc.ts";
import type { ListChanged, ListenParams, SubscriptionFilter } from "../protocol/subscriptions.ts";
import {
  acknowledgedMethod,
  listChangedMethods,
  resourceUpdatedMethod,
  withSubscriptionId,
} from "../protocol/subscriptions.ts";
import { TransportError } from "../protocol/transport-error.ts";
import { type EventBus, eventGapTopic } from "../stores/event-bus.ts";
import { type AcceptedMembers, acceptMembers, type OwnedMember } from "./filter-member.ts";

export interface SubscriptionsOptions {
  readonly bus: () => EventBus;
  /** The list changes that this server announces. */
  readonly announces: ReadonlySet<ListChanged>;
  /** Returns true when a resource exists, so that the server can announce its updates. */
  readonly hasResource: (uri: string) => boolean;
  /** Maximum number of resources that one subscription may name. */
  readonly maxResources: number;
  /** Filter members of extensions. */
  readonly members: readonly OwnedMember[];
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
  return `${resourceUpdatedMethod} ${uri}`;
}

/** Serves `subscriptions/listen`. The promise of a request is pending while its stream is open. */
export function createSubscriptions(options: SubscriptionsOptions): Subscriptions {
  const open = new Set<() => void>();
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
      const finish = () => {
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
      const accepted = acceptedFilter(notifications, options);
      const send = (method: string, params: JSONObject) =>
        notify(context, method, params, request.id);
      const accepting = acceptMembers(options.members, notifications, { context, send });
      if (accepting === undefined) return follow(accepted, request, { context });
      return follow(accepted, request, { context, members: await accepting });
    },
    close: () => {
      isClosed = true;
      for (const end of open) end();
    },
  };
}

/** Returns the part of the filter that this server honours, for the acknowledgment. */
function acceptedFilter(
  filter: SubscriptionFilter,
  options: SubscriptionsOptions,
): SubscriptionFilter {
  const accepted: Record<string, unknown> = {};
  for (const name of options.announces) if (filter[name] === true) accepted[name] = true;
  const wanted = filter.resourceSubscriptions;
  if (wanted === undefined) return accepted;
  if (wanted.length > options.maxResources) {
    const limit = `expected at most ${options.maxResources} resources`;
    throw invalidParams(`params.notifications.resourceSubscriptions: ${limit}`);
  }
  const known = [...new Set(wanted)].filter(options.hasResource);
  if (known.length > 0) accepted.resourceSubscriptions = known;
  return accepted;
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
    subscribed.push(bus.subscribe(topic, (event) => notify(context, method, event, id)));
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

/** Does not wait for a slow client, which would delay the others. The transport disconnects it. */
function notify(context: RequestContext, method: string, params: JSONObject, id: RequestId): void {
  void context.notify({ jsonrpc: "2.0", method, params: withSubscriptionId(params, id) });
}

/** @spec basic/patterns/subscriptions#graceful-closure */
function gracefulResult(id: RequestId, meta: JSONObject | undefined): Result {
  return { resultType: "complete", ...withSubscriptionId(meta && { _meta: meta }, id) };
}
