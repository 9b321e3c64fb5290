/**
 * `subscriptions/listen`, fed from the notifications of a legacy session, with `resources/subscribe`
 * and `resources/unsubscribe` behind it.
 *
 * @spec basic/patterns/subscriptions, 2025-11-25/server/resources#subscriptions
 */
import type { ServerCapabilities } from "../../protocol/capabilities.ts";
import type { RequestContext } from "../../protocol/exchange.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { textOf } from "../../protocol/peer-text.ts";
import {
  acknowledgedMethod,
  type ListChanged,
  listChangedMethods,
  listen,
  resourceUpdatedMethod,
  type SubscriptionFilter,
  withSubscriptionId,
} from "../../protocol/subscriptions.ts";
import type { TransportError } from "../../protocol/transport-error.ts";
import { unlessAborted } from "../../time/abort.ts";

/** Maximum number of resources that one session follows. */
const maxFollowed = 1000;

/** The capability of the server behind each member of a filter. */
const capabilityOf = {
  toolsListChanged: "tools",
  promptsListChanged: "prompts",
  resourcesListChanged: "resources",
} as const satisfies { readonly [Member in ListChanged]: keyof ServerCapabilities };

/** The parts of a session that subscriptions use. */
export interface SubscriptionHost {
  readonly capabilities: ServerCapabilities;
  /** Opens the stream of notifications. Resolves to false for a server without one. */
  readonly openStream: () => Promise<boolean>;
  /** Sends a request of the session itself. */
  readonly request: (method: string, params: JSONObject) => Promise<unknown>;
}

interface Listener {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly agreed: SubscriptionFilter;
  readonly fail: (error: unknown) => void;
}

interface Followed {
  /** Number of listeners. */
  count: number;
  /** Resolves to false when the server refuses to announce changes. */
  readonly isAccepted: Promise<boolean>;
}

export class Subscriptions {
  readonly #host: SubscriptionHost;
  readonly #listeners = new Set<Listener>();
  /** The resources that the session follows. */
  readonly #followed = new Map<string, Followed>();
  /** Settles with the last request. They are sent one after the other, since servers may lose some. */
  #requested: Promise<unknown> = Promise.resolve();

  constructor(host: SubscriptionHost) {
    this.#host = host;
  }

  /** Serves `subscriptions/listen` until its signal aborts or notifications may have been lost. */
  async serve(request: JSONRPCRequest, context: RequestContext): Promise<Result> {
    const { notifications } = listen.params(request.params ?? {});
    const { signal } = context;
    const agreeing = this.#agree(notifications);
    try {
      await this.#feed(request, context, await unlessAborted(agreeing, signal));
    } finally {
      // An abort may come before the server has accepted the subscriptions.
      agreeing.then(
        (agreed) => this.#release(agreed),
        () => {},
      );
    }
    return {};
  }

  async #feed(
    request: JSONRPCRequest,
    context: RequestContext,
    agreed: SubscriptionFilter,
  ): Promise<void> {
    let listener: Listener | undefined;
    const lost = new Promise<never>((_resolve, fail) => {
      listener = { request, context, agreed, fail };
      this.#listeners.add(listener);
    });
    try {
      const params = withSubscriptionId({ notifications: agreed }, request.id);
      await context.notify({ jsonrpc: "2.0", method: acknowledgedMethod, params });
      await unlessAborted(lost, context.signal);
    } finally {
      this.#listeners.delete(listener as Listener);
    }
  }

  /** Passes on a notification of the server. Returns false for one that announces no change. */
  deliver(notification: JSONRPCNotification): boolean {
    const { method, params } = notification;
    const isChange = method === resourceUpdatedMethod || changeMethods.has(method);
    if (!isChange) return false;
    for (const { request, context, agreed, fail } of [...this.#listeners]) {
      if (!concerns(notification, agreed)) continue;
      const own = { ...notification, params: withSubscriptionId(params, request.id) };
      try {
        void Promise.resolve(context.notify(own)).catch(fail);
      } catch (thrown) {
        fail(thrown);
      }
    }
    return true;
  }

  /** Ends all subscriptions, which their callers then open again. */
  fail(error: TransportError): void {
    for (const { fail } of [...this.#listeners]) fail(error);
  }

  /** Returns the part of a filter that the server can send. */
  async #agree(filter: SubscriptionFilter): Promise<SubscriptionFilter> {
    if (!(await this.#host.openStream())) return {};
    const { capabilities } = this.#host;
    const agreed: Record<string, unknown> = {};
    for (const [member, capability] of Object.entries(capabilityOf)) {
      const offered = capabilities[capability] as { readonly listChanged?: boolean } | undefined;
      if (filter[member] === true && offered?.listChanged === true) agreed[member] = true;
    }
    const { resourceSubscriptions: uris } = filter;
    if (uris !== undefined && capabilities.resources?.subscribe === true) {
      const followed = await Promise.all(uris.map((uri) => this.#follow(uri)));
      agreed.resourceSubscriptions = uris.filter((_uri, index) => followed[index]);
    }
    return agreed;
  }

  /** Resolves to false when the server refuses to announce changes of a resource. */
  async #follow(uri: string): Promise<boolean> {
    let followed = this.#followed.get(uri);
    if (followed === undefined) {
      if (this.#followed.size >= maxFollowed) return false;
      const isAccepted = this.#request("resources/subscribe", uri);
      followed = { count: 0, isAccepted };
      this.#followed.set(uri, followed);
    }
    followed.count += 1;
    if (await followed.isAccepted) return true;
    if (this.#followed.get(uri) === followed) this.#followed.delete(uri);
    return false;
  }

  #release({ resourceSubscriptions = [] }: SubscriptionFilter): void {
    for (const uri of resourceSubscriptions) this.#unfollow(uri);
  }

  #unfollow(uri: string): void {
    const followed = this.#followed.get(uri);
    if (followed === undefined) return;
    followed.count -= 1;
    if (followed.count > 0) return;
    this.#followed.delete(uri);
    // The server forgets the subscription with the session, so a failure is of no consequence.
    void this.#request("resources/unsubscribe", uri);
  }

  /** Sends a request after those before it. Resolves to false when it fails. */
  #request(method: string, uri: string): Promise<boolean> {
    const requested = this.#requested
      .then(() => this.#host.request(method, { uri }))
      .then(
        () => true,
        () => false,
      );
    this.#requested = requested;
    return requested;
  }
}

const changeMethods: ReadonlySet<string> = new Set(Object.values(listChangedMethods));

/** Returns true when a listener has asked for a notification. An update may name a sub-resource. */
function concerns({ method, params }: JSONRPCNotification, agreed: SubscriptionFilter): boolean {
  if (method === resourceUpdatedMethod) {
    const uri = textOf(params?.uri);
    return (agreed.resourceSubscriptions ?? []).some((followed) => uri.startsWith(followed));
  }
  return Object.entries(listChangedMethods).some(
    ([member, changed]) => changed === method && agreed[member] === true,
  );
}
