/**
 * One `subscriptions/listen` request: its acknowledgment comes first, and what follows must carry
 * its id.
 *
 * @spec basic/patterns/subscriptions
 */

import type { Serve } from "../protocol/exchange.ts";
import { isObject } from "../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest } from "../protocol/json-rpc.ts";
import { malformed } from "../protocol/method.ts";
import {
  acknowledgedMethod,
  listChangedMethods,
  resourceUpdatedMethod,
  type SubscriptionFilter,
  subscriptionIdOf,
} from "../protocol/subscriptions.ts";
import { TransportError } from "../protocol/transport-error.ts";
import { unlessAborted } from "../time/abort.ts";

export interface SubscriptionRequest {
  readonly request: JSONRPCRequest;
  readonly filter: SubscriptionFilter;
  readonly signal: AbortSignal;
  /** How long the acknowledgment may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Called once, with what the server agreed to send. */
  readonly onAcknowledged: (filter: SubscriptionFilter, notification: JSONRPCNotification) => void;
  readonly onNotification: (notification: JSONRPCNotification) => void;
  readonly onWarning: (message: string) => void;
}

/** The members of a filter that ask for a notification. */
const members = new Map<string, string>([
  ...Object.entries(listChangedMethods).map(([member, method]) => [method, member] as const),
  [resourceUpdatedMethod, "resourceSubscriptions"],
]);

/**
 * Sends the request and follows it. Resolves when the server ends the subscription, and rejects
 * when it ends otherwise.
 */
export async function followSubscription(serve: Serve, init: SubscriptionRequest): Promise<void> {
  const controller = new AbortController();
  const onAbort = () => controller.abort(init.signal.reason);
  const fail = (error: TransportError) => controller.abort(error);
  const timer = setTimeout(() => fail(unacknowledged(init.timeoutMs)), init.timeoutMs);
  let isAcknowledged = false;

  const notify = (notification: JSONRPCNotification): void => {
    if (controller.signal.aborted) return;
    if (subscriptionIdOf(notification) !== init.request.id) {
      init.onWarning(`${notification.method}: not of this subscription, ignored`);
    } else if (isAcknowledged) {
      if (isRequested(notification, init.filter)) init.onNotification(notification);
      else init.onWarning(`${notification.method}: not asked for, ignored`);
    } else if (notification.method === acknowledgedMethod) {
      isAcknowledged = true;
      clearTimeout(timer);
      acknowledge(notification, init);
    } else {
      fail(malformed(`${notification.method}: came before the acknowledgment`));
    }
  };

  if (init.signal.aborted) onAbort();
  init.signal.addEventListener("abort", onAbort);
  try {
    const { signal } = controller;
    await unlessAborted(serve(init.request, { signal, notify }), signal);
    if (!isAcknowledged) throw malformed("subscription: ended before the acknowledgment");
  } finally {
    clearTimeout(timer);
    init.signal.removeEventListener("abort", onAbort);
  }
}

/** @spec basic/patterns/subscriptions#acknowledgment */
function acknowledge(notification: JSONRPCNotification, init: SubscriptionRequest): void {
  const agreed = notification.params?.notifications;
  const filter: SubscriptionFilter = isObject(agreed) ? agreed : {};
  for (const [member, wanted] of Object.entries(init.filter)) {
    if (wanted === undefined || wanted === false) continue;
    if (!covers(filter[member], wanted)) {
      init.onWarning(`subscription: the server does not send all of ${member}`);
    }
  }
  init.onAcknowledged(filter, notification);
}

function covers(agreed: unknown, wanted: unknown): boolean {
  if (!Array.isArray(agreed) || !Array.isArray(wanted)) return Boolean(agreed);
  return wanted.every((uri) => agreed.includes(uri));
}

/** Notifications that this revision does not define are an extension's matter. */
function isRequested({ method }: JSONRPCNotification, filter: SubscriptionFilter): boolean {
  const member = members.get(method);
  return member === undefined || Boolean(filter[member]);
}

function unacknowledged(timeoutMs: number): TransportError {
  return new TransportError("timeout", `No acknowledgment within ${timeoutMs} milliseconds`);
}
