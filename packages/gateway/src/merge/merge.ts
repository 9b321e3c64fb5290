/**
 * Merges several upstreams into one server.
 *
 * No state belongs to a client: names and URIs follow from the lists of the upstreams, and the values
 * that a client sends back are sealed. So every gateway with the same keys and upstreams can answer
 * every request.
 */
import {
  type ClientCapabilities,
  callTool,
  complete,
  coreMethods,
  discover,
  getPrompt,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type ListChanged,
  listen,
  type Method,
  metaKeys,
  modernVersions,
  parseRequestMeta,
  type RequestContext,
  type RequestMeta,
  type Result,
  readResource,
  requireVersion,
  type Serve,
} from "lutra/protocol";
import type { SealKey } from "lutra/server";
import { getSkill, readDirectory } from "lutra/skills";
import type { Caller } from "../cache/authorization-context.ts";
import type { Head } from "../head/head.ts";
import { listKinds, listNames } from "../subjects/list-kinds.ts";
import type { Subject } from "../subjects/subject.ts";
import { createUriForms } from "../subjects/uri-forms.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import { createCapabilities } from "./capabilities.ts";
import { mergedDiscover } from "./discover.ts";
import { type NamedMethod, type Target, UpstreamFinder, type UriMethod } from "./find-upstream.ts";
import type { FollowOptions } from "./follow-upstream.ts";
import { keepTarget, targetIn } from "./kept-target.ts";
import { createListen, type ListenOptions } from "./listen.ts";
import { createLists } from "./lists.ts";
import { mintedIdKinds } from "./minted-ids.ts";
import type { PrefixRule } from "./names.ts";
import type { ReceivedRequest } from "./own-request.ts";
import { createRefresh } from "./refresh.ts";
import { RoutingTable } from "./routing-table.ts";
import { createSeals } from "./seals.ts";
import { createSendTranslated } from "./send-translated.ts";
import { showDirectory, showGotSkill } from "./skill-uris.ts";
import { createSubscriptions } from "./subscription.ts";

export interface MergeOptions extends FollowOptions {
  /** The upstreams, in the order in which clients see their entries. */
  readonly upstreams: readonly Upstream[];
  /** Name and version of the merged server. */
  readonly name: string;
  readonly version: string;
  /** Keys that seal cursors, request state and ids. All gateways of one service need the same keys. */
  readonly keys: readonly SealKey[];
  /** The names of tools and prompts that get the prefix of their upstream. @default "collision" */
  readonly prefix?: PrefixRule | undefined;
  /** Entries on one page of a list. @default 100 */
  readonly pageSize?: number | undefined;
  /** Maximum number of pages of a list that are read from one upstream. @default 100 */
  readonly maxPages?: number | undefined;
  /** Maximum time that a merged result waits for one upstream, in milliseconds. @default 10000 */
  readonly partMs?: number | undefined;
  /** Minimum time between two refreshes of the names for one caller, in milliseconds. @default 1000 */
  readonly refreshMs?: number | undefined;
  /** Maximum time that the acknowledgment of a subscription waits, in milliseconds. @default 2000 */
  readonly gatherMs?: number | undefined;
  /** Maximum time until upstreams that ended a subscription return, in milliseconds. @default 10000 */
  readonly returnMs?: number | undefined;
  /** Maximum number of resources that one subscription may name. @default 1000 */
  readonly maxResourceSubscriptions?: number | undefined;
  /**
   * Called with every change notification, in the clients' terms and before they receive it, for
   * example to delete cached responses.
   */
  readonly onChange?: ((notification: JSONRPCNotification) => void) | undefined;
  /** Returns false for an entry that lists leave out. @default all are shown */
  readonly isShown?: ((entry: Subject) => boolean) | undefined;
  /** Returns false for a resource or an id that a caller may not subscribe to. @default all are allowed */
  readonly maySubscribe?: ListenOptions["maySubscribe"];
  /** Methods of extensions. Their `nameField` holds an id that an upstream minted. */
  readonly methods?: readonly Method[] | undefined;
}

export interface Merge {
  readonly serve: Serve;
  /**
   * Returns the target of a request by its head, if the request names an entry of a list that is known.
   */
  readonly targetOf: (head: RequestedEntry, caller: Caller) => Target | undefined;
  /**
   * Returns the subject of a request, or undefined if it addresses no known entry. `serve` of the same
   * context then sends the request to that subject.
   */
  readonly identify: (
    request: JSONRPCRequest,
    context: RequestContext,
  ) => Promise<Subject | undefined>;
  /** Marks lists of an upstream as outdated: those of one change, or all. */
  readonly forget: (upstream: string, change?: ListChanged) => void;
  /** Ends subscriptions with a result. Other requests are still answered. */
  readonly close: () => Promise<void>;
}

/** The part of a head that tells which entry a request names. */
type RequestedEntry = Pick<Head, "method" | "name">;

type Handler = (received: ReceivedRequest, declared: ClientCapabilities) => Promise<Result>;
type FindTarget = (received: ReceivedRequest, declared: ClientCapabilities) => Promise<Target>;

/**
 * Creates one server from several upstreams.
 *
 * @throws {TypeError} for invalid options
 */
export function createMerge(options: MergeOptions): Merge {
  const { table, lists, subscriptions, handlers, finder, targetOf, send } = assemble(options);
  return {
    targetOf: ({ method, name }, caller) => {
      const kind = method === undefined ? undefined : named.get(method);
      if (kind === undefined || name === undefined) return undefined;
      return finder.known(kind, name, caller);
    },
    serve: async (request, context) => {
      const { capabilities } = admitted(request, context);
      const received = { request, context };
      const handler = handlers.get(request.method);
      if (handler !== undefined) return handler(received, capabilities);
      return send(await (targetIn(context) ?? targetOf(received, capabilities)), received);
    },
    identify: async (request, context) => {
      if (handlers.has(request.method)) return undefined;
      const { capabilities } = admitted(request, context);
      const target = targetIn(context) ?? targetOf({ request, context }, capabilities);
      if (targetIn(context) === undefined) keepTarget(context, target);
      return target.then(
        ({ subject }) => subject,
        // `serve` fails with the error.
        () => undefined,
      );
    },
    forget: (upstream, change) => {
      table.outdate(upstream, change);
      lists.forget();
    },
    close: async () => subscriptions.close(),
  };
}

/** Returns the protocol fields of a request. Parses them unless the context has them already. */
function admitted(request: JSONRPCRequest, context: RequestContext): RequestMeta {
  if (context.meta !== undefined) return context.meta;
  const meta = parseRequestMeta(request.params, modernVersions);
  requireVersion(meta.version, modernVersions);
  return meta;
}

/** Creates the parts of the merged server and connects them. */
function assemble(options: MergeOptions) {
  const {
    upstreams,
    partMs = 10_000,
    now = () => performance.now(),
    onWarning = () => {},
  } = options;
  const byName = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
  if (byName.size !== upstreams.length) throw new TypeError("upstreams: expected unique names");
  const { name, version, pageSize = 100, maxPages = 100 } = options;
  requirePositive({ pageSize, maxPages, partMs });
  const serverMeta = { [metaKeys.serverInfo]: { name, version } };
  const seals = createSeals(options.keys);
  const names = [...byName.keys()];
  const forms = createUriForms(names);
  const prefix = options.prefix ?? "collision";
  const table = new RoutingTable({ upstreams: names, prefix, forms });
  const { isShown, maySubscribe } = options;
  const collecting = { upstreams, table, maxPages, partMs, isShown, onWarning };
  const refresh = createRefresh({ collecting, refreshMs: options.refreshMs ?? 1000, now });
  const core = new Set(coreMethods.map((method) => method.name));
  const mintedIds = mintedIdKinds((options.methods ?? []).filter((one) => !core.has(one.name)));
  const shared = { table, refresh, seals, mintedIds };
  const lists = createLists({ ...shared, collecting, pageSize, serverMeta, now });
  const described = new Set((options.methods ?? []).map((method) => method.name));
  const finder = new UpstreamFinder({ ...shared, upstreams: byName, described });
  const send = createSendTranslated(shared);
  const subscriptions = createSubscriptions({ ...options, meta: serverMeta });
  const follow = createListen({
    ...shared,
    upstreams,
    finder,
    subscriptions,
    maySubscribe,
    // Upstreams whose capabilities are not known in time receive the complete filter.
    capabilities: createCapabilities({ partMs: options.gatherMs ?? 2000, now }),
    maxItems: options.maxResourceSubscriptions ?? 1000,
    onChange: (upstream, change) => table.outdate(upstream, change),
  });
  const asking = { upstreams, serverMeta, partMs, onWarning };
  const handlers = new Map<string, Handler>([
    [discover.name, (received) => mergedDiscover(asking, received)],
    ...listNames.map((list): [string, Handler] => [
      listKinds[list].method.name,
      (received) => lists.serve(list, received),
    ]),
    [listen.name, follow],
  ]);
  return { table, lists, subscriptions, handlers, finder, targetOf: targetsOf(finder), send };
}

const tools: NamedMethod = { method: callTool, list: "tools", kind: "tool" };
const prompts: NamedMethod = { method: getPrompt, list: "prompts", kind: "prompt" };
/** The methods whose requests have a name, by their own name. */
const named = new Map([tools, prompts].map((one) => [one.method.name, one]));
const byUri: readonly UriMethod[] = [
  { method: readResource },
  { method: getSkill, showResult: showGotSkill },
  { method: readDirectory, showResult: showDirectory },
];

/** Returns a function that finds the target of a request. Methods of extensions name it by its id. */
function targetsOf(finder: UpstreamFinder): FindTarget {
  const finders = new Map<string, FindTarget>([
    ...[...named].map(([method, one]): [string, FindTarget] => [
      method,
      (received) => finder.byName(one, received),
    ]),
    ...byUri.map((one): [string, FindTarget] => [
      one.method.name,
      (received) => finder.byUri(one, received),
    ]),
    [complete.name, (received) => finder.byReference(received)],
  ]);
  return (received, declared) => {
    const find = finders.get(received.request.method);
    return find ? find(received, declared) : finder.byId(received, declared);
  };
}

function requirePositive(options: Readonly<Record<string, number>>): void {
  for (const [option, value] of Object.entries(options)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new TypeError(`${option}: expected a positive integer, got ${value}`);
    }
  }
}
