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
  type Tool,
} from "lutra/protocol";
import type { SealKey } from "lutra/server";
import type { Upstream } from "../upstreams/upstream.ts";
import { createCapabilities } from "./capabilities.ts";
import { mergedDiscover } from "./discover.ts";
import { UpstreamFinder } from "./find-upstream.ts";
import type { FollowOptions } from "./follow-upstream.ts";
import { listKinds, listNames } from "./list-kinds.ts";
import { createListen } from "./listen.ts";
import { createLists } from "./lists.ts";
import { mintedIdKinds } from "./minted-ids.ts";
import type { PrefixRule } from "./names.ts";
import type { ReceivedRequest } from "./own-request.ts";
import { createRefresh } from "./refresh.ts";
import { RoutingTable } from "./routing-table.ts";
import { createSeals } from "./seals.ts";
import { createSendTranslated } from "./send-translated.ts";
import { createSubscriptions } from "./subscription.ts";
import { createUriForms } from "./uri-forms.ts";

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
  /** Methods of extensions. Their `nameField` holds an id that an upstream minted. */
  readonly methods?: readonly Method[] | undefined;
}

export interface Merge {
  readonly serve: Serve;
  /** Returns a tool by the client's name, as it was in the last `tools/list`. */
  readonly tool: (name: string) => Tool | undefined;
  /** Marks lists of an upstream as outdated: those of one change, or all. */
  readonly forget: (upstream: string, change?: ListChanged) => void;
  /** Ends subscriptions with a result. Other requests are still answered. */
  readonly close: () => Promise<void>;
}

type Handler = (received: ReceivedRequest, declared: ClientCapabilities) => Promise<Result>;

/**
 * Creates one server from several upstreams.
 *
 * @throws {TypeError} for invalid options
 */
export function createMerge(options: MergeOptions): Merge {
  const { byName, table, lists, subscriptions, handlers, serveById } = assemble(options);
  return {
    serve: async (request, context) => {
      const { capabilities } = admitted(request, context);
      const handler = handlers.get(request.method) ?? serveById;
      return handler({ request, context }, capabilities);
    },
    tool: (name) => {
      const origin = table.names("tools").origin(name);
      return origin && byName.get(origin.upstream)?.tool(origin.name);
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
  const { upstreams, partMs = 10_000, now = Date.now, onWarning = () => {} } = options;
  const byName = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
  if (byName.size !== upstreams.length) throw new TypeError("upstreams: expected unique names");
  const { name, version, pageSize = 100, maxPages = 100 } = options;
  requirePositive({ pageSize, maxPages, partMs });
  const serverMeta = { [metaKeys.serverInfo]: { name, version } };
  const seals = createSeals(options.keys);
  const names = [...byName.keys()];
  const forms = createUriForms(names);
  const prefix = options.prefix ?? "collision";
  const table = new RoutingTable({ upstreams: names, prefix, forms, now });
  const collecting = { upstreams, table, maxPages, partMs, onWarning };
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
    // Upstreams whose capabilities are not known in time receive the complete filter.
    capabilities: createCapabilities({ partMs: options.gatherMs ?? 2000, now }),
    maxItems: options.maxResourceSubscriptions ?? 1000,
    onChange: (upstream, change) => table.outdate(upstream, change),
  });
  const tools = { method: callTool, list: "tools", noun: "tool" } as const;
  const prompts = { method: getPrompt, list: "prompts", noun: "prompt" } as const;
  const asking = { upstreams, serverMeta, partMs, onWarning };
  const handlers = new Map<string, Handler>([
    [discover.name, (received) => mergedDiscover(asking, received)],
    ...listNames.map((list): [string, Handler] => [
      listKinds[list].method.name,
      (received) => lists.serve(list, received),
    ]),
    [callTool.name, async (received) => send(await finder.byName(tools, received), received)],
    [getPrompt.name, async (received) => send(await finder.byName(prompts, received), received)],
    [readResource.name, async (received) => send(await finder.byUri(received), received)],
    [complete.name, async (received) => send(await finder.byReference(received), received)],
    [listen.name, follow],
  ]);
  /** Serves the methods of extensions. */
  const serveById: Handler = async (received, declared) =>
    send(await finder.byId(received, declared), received);
  return { byName, table, lists, subscriptions, handlers, serveById };
}

function requirePositive(options: Readonly<Record<string, number>>): void {
  for (const [option, value] of Object.entries(options)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new TypeError(`${option}: expected a positive integer, got ${value}`);
    }
  }
}
