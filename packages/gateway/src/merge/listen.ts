/**
 * `subscriptions/listen` of the merged server: one subscription to each upstream that supports a part
 * of the filter.
 *
 * @spec basic/patterns/subscriptions#notification-filter
 */
import { setMaxListeners } from "node:events";
import { invalidParams, textOf } from "lutra/internal";
import {
  type ClientCapabilities,
  isObject,
  type JSONRPCNotification,
  type ListChanged,
  listChangedMethods,
  listen,
  type Result,
  resourceUpdatedMethod,
  type ServerCapabilities,
  type SubscriptionFilter,
} from "lutra/protocol";
import { Subject } from "../subjects/subject.ts";
import type { CarriedUri } from "../subjects/uri-forms.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import type { Branch } from "./branches.ts";
import type { Capabilities } from "./capabilities.ts";
import { listChanges } from "./filters.ts";
import type { UpstreamFinder } from "./find-upstream.ts";
import { requireExtension } from "./merge-errors.ts";
import type { MintedIdKind } from "./minted-ids.ts";
import type { ReceivedRequest } from "./own-request.ts";
import { showUris } from "./result-uris.ts";
import type { RoutingTable } from "./routing-table.ts";
import { callerKey, type Seals } from "./seals.ts";
import type { Subscriptions } from "./subscription.ts";

export interface ListenOptions {
  readonly upstreams: readonly Upstream[];
  readonly capabilities: Capabilities;
  readonly table: RoutingTable;
  readonly finder: UpstreamFinder;
  readonly seals: Seals;
  readonly mintedIds: readonly MintedIdKind[];
  readonly subscriptions: Subscriptions;
  /** Maximum number of resources, and of ids of each kind, in one subscription. */
  readonly maxItems: number;
  /** Returns false for a resource or an id that the caller may not subscribe to. @default all are allowed */
  readonly maySubscribe?: ((entry: Subject, received: ReceivedRequest) => boolean) | undefined;
  /** Called with each change of a list before clients are notified. */
  readonly onChange: (upstream: string, change: ListChanged) => void;
}

/** Maps the URIs and ids of one upstream in a subscription to the client's URIs and ids. */
interface Named {
  readonly uris: Map<string, string>;
  /** The ids by member of the filter. */
  readonly ids: Map<string, Map<string, string>>;
}

export type Listen = (received: ReceivedRequest, declared: ClientCapabilities) => Promise<Result>;

export function createListen(options: ListenOptions): Listen {
  const { upstreams, subscriptions, capabilities } = options;
  return async (received, declared) => {
    // Each upstream adds listeners; Node warns above 10.
    setMaxListeners(0, received.context.signal);
    const { notifications: filter } = listen.params(received.request.params ?? {});
    for (const kind of options.mintedIds) {
      if (filter[kind.filterField] !== undefined) requireExtension(kind, declared);
    }
    const named = await resolveNames(filter, received, options);
    const offered = await Promise.all(upstreams.map((one) => capabilities(one, received)));
    const branches = upstreams.flatMap((upstream, index) => {
      const own = named.get(upstream.name) as Named;
      const wanted = filterFor(filter, own, { offered: offered[index], options });
      return Object.keys(wanted).length === 0
        ? []
        : [branchOf({ upstream, filter: wanted, named: own, received, options })];
    });
    return subscriptions.open(branches, received);
  };
}

/** Finds the upstreams of all URIs and ids. Omits URIs and ids that belong to no upstream. */
async function resolveNames(
  filter: SubscriptionFilter,
  received: ReceivedRequest,
  options: ListenOptions,
): Promise<ReadonlyMap<string, Named>> {
  const { upstreams, finder, seals, mintedIds, maxItems } = options;
  const isAllowed = subscriptionTest(received, options);
  const named = new Map<string, Named>(
    upstreams.map(({ name }) => [name, { uris: new Map(), ids: new Map() }]),
  );
  for (const sent of limited(filter.resourceSubscriptions, "resourceSubscriptions", maxItems)) {
    const found = await finder.findUri(sent, received);
    if (found === undefined || !isAllowed(resourceOf(found))) continue;
    named.get(found.upstream)?.uris.set(found.uri, sent);
  }
  for (const { filterField } of mintedIds) {
    for (const sent of limited(filter[filterField], filterField, maxItems)) {
      const opened = await seals.ids.open(sent, received.context);
      if (opened === undefined) continue;
      if (!isAllowed(new Subject(opened.upstream, "id", opened.id))) continue;
      const ids = named.get(opened.upstream)?.ids;
      const ofField = ids?.get(filterField) ?? new Map<string, string>();
      ids?.set(filterField, ofField.set(opened.id, sent));
    }
  }
  return named;
}

/** Returns a test for the resources and ids that the caller may subscribe to. */
function subscriptionTest(
  received: ReceivedRequest,
  { maySubscribe = () => true }: ListenOptions,
): (entry: Subject) => boolean {
  return (entry) => maySubscribe(entry, received);
}

const resourceOf = ({ upstream, uri }: CarriedUri) => new Subject(upstream, "resource", uri);

function limited(items: unknown, member: string, maxItems: number): readonly string[] {
  if (items === undefined) return [];
  const where = `params.notifications.${member}`;
  if (!Array.isArray(items) || !items.every((item) => typeof item === "string")) {
    throw invalidParams(`${where}: expected an array of strings`);
  }
  if (items.length > maxItems)
    throw invalidParams(`${where}: expected at most ${maxItems} items, got ${items.length}`);
  return items;
}

/**
 * Returns the filter for one upstream: the changes that it announces, and its own URIs and ids. An
 * upstream with unknown capabilities gets all members. Members that the protocol does not define are
 * sent to all upstreams.
 */
function filterFor(
  filter: SubscriptionFilter,
  { uris, ids }: Named,
  { offered, options }: { offered: ServerCapabilities | undefined; options: ListenOptions },
): SubscriptionFilter {
  const wanted: Record<string, unknown> = {};
  for (const [member, value] of Object.entries(filter)) {
    if (member === "resourceSubscriptions") continue;
    if (options.mintedIds.some(({ filterField }) => filterField === member)) continue;
    if (!Object.hasOwn(listChangedMethods, member)) wanted[member] = value;
    else if (value === true && announces(offered, member as ListChanged)) wanted[member] = true;
  }
  const maySubscribe = offered === undefined || offered.resources?.subscribe === true;
  if (uris.size > 0 && maySubscribe) wanted.resourceSubscriptions = [...uris.keys()];
  for (const [member, ofField] of ids) wanted[member] = [...ofField.keys()];
  return wanted;
}

/** The capability that announces changes of each list. */
const categories = {
  toolsListChanged: "tools",
  promptsListChanged: "prompts",
  resourcesListChanged: "resources",
} as const satisfies { readonly [Change in ListChanged]: keyof ServerCapabilities };

/** Returns true when an upstream announces changes of a list, or when its capabilities are unknown. */
export function announces(offered: ServerCapabilities | undefined, change: ListChanged): boolean {
  return offered === undefined || offered[categories[change]]?.listChanged === true;
}

interface BranchInit {
  readonly upstream: Upstream;
  readonly filter: SubscriptionFilter;
  readonly named: Named;
  readonly received: ReceivedRequest;
  readonly options: ListenOptions;
}

function branchOf({ upstream, filter, named, received, options }: BranchInit): Branch {
  const isAllowed = subscriptionTest(received, options);
  const naming = { named, caller: callerKey(received.context), options };
  return {
    upstream,
    filter,
    agreed: (agreed) => agreedByClient(agreed, named),
    translate: (notification) => {
      const { method, params } = notification;
      for (const [change, changed] of listChanges) {
        if (method === changed) options.onChange(upstream.name, change);
      }
      if (method === resourceUpdatedMethod) {
        const own = textOf(params?.uri);
        // A subscription to a resource includes updates of its parts, which may be denied.
        if (!isAllowed(resourceOf({ upstream: upstream.name, uri: own }))) return undefined;
        const uri = shownUri(own, upstream.name, naming);
        return { ...notification, params: { ...params, uri } };
      }
      return translateIds(notification, upstream.name, naming);
    },
  };
}

/** Returns the filter that an upstream agreed to, with the client's URIs and ids. */
function agreedByClient(agreed: SubscriptionFilter, { uris, ids }: Named): SubscriptionFilter {
  const shown: Record<string, unknown> = {};
  for (const [member, value] of Object.entries(agreed)) {
    const names = member === "resourceSubscriptions" ? uris : ids.get(member);
    if (names === undefined) shown[member] = value;
    else if (Array.isArray(value)) {
      shown[member] = value.flatMap((original) => names.get(original) ?? []);
    }
  }
  return shown;
}

interface Naming {
  readonly named: Named;
  /** The key of the caller's authorization context. */
  readonly caller: string;
  readonly options: ListenOptions;
}

/**
 * Returns the client's form of an upstream's URI. For a part of a subscribed resource, it is the
 * client's URI of that resource with the rest of the upstream's URI appended.
 */
function shownUri(uri: string, upstream: string, { named, caller, options }: Naming): string {
  const exact = named.uris.get(uri);
  if (exact !== undefined) return exact;
  for (const [original, sent] of named.uris) {
    if (uri.startsWith(original)) return sent + uri.slice(original.length);
  }
  return options.table.of(caller).uris.show(upstream, uri);
}

/** Translates ids and URIs. Returns `undefined` if the client did not subscribe to an id. */
function translateIds(
  notification: JSONRPCNotification,
  upstream: string,
  { named, caller, options }: Naming,
): JSONRPCNotification | undefined {
  const { params } = notification;
  if (!isObject(params)) return notification;
  const shown: Record<string, unknown> = { ...params };
  for (const { field, filterField } of options.mintedIds) {
    const id = params[field];
    if (typeof id !== "string") continue;
    const sent = named.ids.get(filterField)?.get(id);
    if (sent === undefined) return undefined;
    shown[field] = sent;
  }
  const { uris } = options.table.of(caller);
  const own = showUris(shown, (uri) => uris.show(upstream, uri));
  return { ...notification, params: own };
}
