/**
 * The changes that a legacy session receives, fed by subscriptions of the current revision: one for
 * the lists, and one for the resources to which the client has subscribed.
 *
 * @spec 2025-11-25/server/resources#subscriptions
 */

import { isProtocolError } from "../protocol/errors.ts";
import type { RequestContext, Serve } from "../protocol/exchange.ts";
import { isObject, type JSONObject } from "../protocol/json.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { metaKeys } from "../protocol/meta.ts";
import {
  acknowledgedMethod,
  listChangedMethods,
  listen,
  resourceUpdatedMethod,
} from "../protocol/subscriptions.ts";
import { withProtocolFields } from "./serve-legacy.ts";
import type { Session } from "./session.ts";

/** A server, and the session on whose behalf it is asked. */
export interface FeedSource {
  readonly serve: Serve;
  readonly session: Session;
  readonly context: Pick<RequestContext, "principal" | "address">;
}

export interface FeedOptions extends FeedSource {
  readonly send: (notification: JSONRPCNotification) => void | Promise<void>;
  /** Called when the server has ended the subscription, or refuses it. */
  readonly onEnd: () => void;
  /** True when the client may have missed changes, so that everything is announced as changed. */
  readonly isResumed: boolean;
}

/** A subscription at the server. */
interface Listening {
  readonly controller: AbortController;
  /** Settles when the server has accepted or refused it. */
  readonly agreed: Promise<void>;
}

const lists = Object.fromEntries(Object.keys(listChangedMethods).map((name) => [name, true]));

export class ChangeFeed {
  readonly #options: FeedOptions;
  readonly #lists: AbortController;
  #resources: AbortController | undefined;
  #uris: readonly string[];
  /** Settles when the server has accepted or refused the current resources. */
  #agreed: Promise<void> = Promise.resolve();

  constructor(options: FeedOptions, uris: readonly string[] = []) {
    const { isResumed } = options;
    this.#options = options;
    this.#uris = uris;
    this.#lists = this.#listen(lists, isResumed).controller;
    this.#resources = this.#listenTo(uris, isResumed);
  }

  /** Follows these resources. The new subscription begins before the old one ends. */
  follow(uris: readonly string[] = []): void {
    if (isSame(uris, this.#uris)) return;
    this.#uris = uris;
    const before = this.#resources;
    this.#resources = this.#listenTo(uris, false);
    before?.abort();
  }

  /** Settles when updates of the current resources are announced, or will not be. */
  get agreed(): Promise<void> {
    return this.#agreed;
  }

  close(): void {
    this.#lists.abort();
    this.#resources?.abort();
  }

  #listenTo(uris: readonly string[], isResumed: boolean): AbortController | undefined {
    if (uris.length === 0) return undefined;
    const { controller, agreed } = this.#listen({ resourceSubscriptions: uris }, isResumed);
    this.#agreed = agreed;
    return controller;
  }

  #listen(notifications: JSONObject, isResumed: boolean): Listening {
    const controller = new AbortController();
    const { signal } = controller;
    let settle = () => {};
    const agreed = new Promise<void>((resolve) => {
      settle = resolve;
    });
    signal.addEventListener("abort", settle, { once: true });
    const { send, onEnd } = this.#options;
    const notify = (notification: JSONRPCNotification) => {
      if (signal.aborted) return;
      if (notification.method !== acknowledgedMethod)
        return send(withoutSubscription(notification));
      settle();
      if (isResumed) for (const change of changesOf(acceptedIn(notification))) void send(change);
    };
    const end = () => {
      settle();
      if (!signal.aborted) onEnd();
    };
    // A server without subscriptions sends no changes, so its stream stays open without events.
    const fail = (thrown: unknown) => {
      settle();
      if (!isProtocolError(thrown) || thrown.reason !== "methodNotFound") end();
    };
    void sendListen(this.#options, notifications, { signal, notify }).then(end, fail);
    return { controller, agreed };
  }
}

/**
 * Returns true when the server announces updates of the last of these resources.
 *
 * @throws {ProtocolError} when the server does not accept as many
 */
export async function followsLast(source: FeedSource, uris: readonly string[]): Promise<boolean> {
  const controller = new AbortController();
  return new Promise((resolve, reject) => {
    const notify = (notification: JSONRPCNotification) => {
      if (notification.method !== acknowledgedMethod) return;
      const { resourceSubscriptions } = acceptedIn(notification);
      const accepted: readonly unknown[] = Array.isArray(resourceSubscriptions)
        ? resourceSubscriptions
        : [];
      resolve(accepted.includes(uris.at(-1)));
      controller.abort();
    };
    const { signal } = controller;
    const notifications = { resourceSubscriptions: uris };
    sendListen(source, notifications, { signal, notify }).then(() => resolve(false), reject);
  });
}

function sendListen(
  { serve, session, context }: FeedSource,
  notifications: JSONObject,
  exchange: Pick<RequestContext, "signal" | "notify">,
): Promise<unknown> {
  const params = withProtocolFields({ notifications }, { session, level: "info" });
  const request = { jsonrpc: "2.0", id: "legacy", method: listen.name, params } as const;
  return serve(request, { ...context, ...exchange });
}

/** Returns the part of the filter that the server has accepted. */
function acceptedIn({ params }: JSONRPCNotification): JSONObject {
  return isObject(params?.notifications) ? params.notifications : {};
}

/** Returns a notification for each change that a filter selects. */
function changesOf(filter: JSONObject): JSONRPCNotification[] {
  const changed = Object.entries(listChangedMethods).filter(([name]) => filter[name] === true);
  const uris = Array.isArray(filter.resourceSubscriptions) ? filter.resourceSubscriptions : [];
  return [
    ...changed.map(([, method]) => ({ jsonrpc: "2.0", method }) as const),
    ...uris.map((uri) => {
      return { jsonrpc: "2.0", method: resourceUpdatedMethod, params: { uri } } as const;
    }),
  ];
}

function isSame(uris: readonly string[], others: readonly string[]): boolean {
  return uris.length === others.length && uris.every((uri, index) => uri === others[index]);
}

/** Removes the id of the subscription, which legacy clients do not know. */
function withoutSubscription({
  params,
  ...notification
}: JSONRPCNotification): JSONRPCNotification {
  if (!isObject(params?._meta)) return { ...notification, ...(params && { params }) };
  const { _meta, ...rest } = params;
  const { [metaKeys.subscriptionId]: _, ...meta } = _meta as JSONObject;
  const kept = Object.keys(meta).length > 0 ? { ...rest, _meta: meta } : rest;
  return Object.keys(kept).length > 0 ? { ...notification, params: kept } : notification;
}
