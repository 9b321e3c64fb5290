/**
 * Several upstreams as one server.
 *
 * What a client sees depends on what the upstreams list and on nothing that this process remembers
 * of clients: names and URIs come from the lists, and what a client brings back is sealed. So any
 * gateway with the same keys and the same upstreams answers any request.
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
import type { FollowOptions } from "./follow-upstream.ts";
import { createForward } from "./forward.ts";
import { listKinds, listNames } from "./list-kinds.ts";
import { createListen } from "./listen.ts";
import { createLists } from "./lists.ts";
import { mintedIdKinds } from "./minted-ids.ts";
import type { PrefixRule } from "./names.ts";
import type { Caller } from "./own-request.ts";
import { createRefresh } from "./refresh.ts";
import { RoutingTable } from "./routing-table.ts";
import { createSeals } from "./seals.ts";
import { createSubscriptions } from "./subscription.ts";
import { Targets } from "./targets.ts";
import { createUriForms } from "./uri-forms.ts";

export interface MergeOptions extends FollowOptions {
  /** In the order in which clients see what they offer. */
  readonly upstreams: readonly Upstream[];
  /** Name and version of the merged server. */
  readonly name: string;
  readonly version: string;
  /** Seal cursors, request state and ids; all gateways that answer for each other need the same. */
  readonly keys: readonly SealKey[];
  /** When names of tools and prompts begin with their upstream's. @default "collision" */
  readonly prefix?: PrefixRule | undefined;
  /** Entries on one page of a list. @default 100 */
  readonly pageSize?: number | undefined;
  /** How many pages of a list are read from one upstream. @default 100 */
  readonly maxPages?: number | undefined;
  /** How long one upstream may keep a merged result waiting, in milliseconds. @default 10000 */
  readonly partMs?: number | undefined;
  /** The least time between two refreshes of the names for one caller, in milliseconds. @default 1000 */
  readonly refreshMs?: number | undefined;
  /** How long the acknowledgment of a subscription waits, in milliseconds. @default 2000 */
  readonly gatherMs?: number | undefined;
  /** How long upstreams that ended a subscription may be gone, in milliseconds. @default 10000 */
  readonly returnMs?: number | undefined;
  /** How many resources one subscription may name. @default 1000 */
  readonly maxResourceSubscriptions?: number | undefined;
  /**
   * Hears of every change that a subscription brings, in the clients' terms and before they do; for
   * instance to give up responses.
   */
  readonly onChange?: ((notification: JSONRPCNotification) => void) | undefined;
  /** Methods of extensions. What names their subject is an id that its upstream minted. */
  readonly methods?: readonly Method[] | undefined;
}

export interface Merge {
  readonly serve: Serve;
  /** What is known of a tool, by the name that clients use, from the last `tools/list`. */
  readonly tool: (name: string) => Tool | undefined;
  /** Notes that lists of an upstream have changed: one of them, or any. */
  readonly forget: (upstream: string, change?: ListChanged) => void;
  /** Ends subscriptions gracefully. Other requests are still answered. */
  readonly close: () => Promise<void>;
}

type Handler = (caller: Caller, declared: ClientCapabilities) => Promise<Result>;

/**
 * Makes one server of several.
 *
 * @throws {TypeError} for options that make no sense
 */
export function createMerge(options: MergeOptions): Merge {
  const parts = createParts(options);
  const { table, lists, forward, targets, handlers } = parts;
  const minted: Handler = async (caller, declared) =>
    forward(await targets.minted(caller, declared), caller);
  return {
    serve: async (request, context) => {
      const { capabilities } = admitted(request, context);
      const handler = handlers.get(request.method) ?? minted;
      return handler({ request, context }, capabilities);
    },
    tool: (name) => {
      const origin = table.names("tools").origin(name);
      return origin && parts.byName.get(origin.upstream)?.tool(origin.name);
    },
    forget: (upstream, change) => {
      table.outdate(upstream, change);
      lists.forget();
    },
    close: async () => parts.subscriptions.close(),
  };
}

/** The protocol fields of a request, read here unless that was done before. */
function admitted(request: JSONRPCRequest, context: RequestContext): RequestMeta {
  if (context.meta !== undefined) return context.meta;
  const meta = parseRequestMeta(request.params, modernVersions);
  requireVersion(meta.version, modernVersions);
  return meta;
}

function createParts(options: MergeOptions) {
  const { upstreams, partMs = 10_000, now = Date.now, onWarning = () => {} } = options;
  const byName = new Map(upstreams.map((upstream) => [upstream.name, upstream]));
  if (byName.size !== upstreams.length) throw new TypeError("upstreams: a name is used twice");
  const { name, version, pageSize = 100, maxPages = 100 } = options;
  for (const [option, value] of Object.entries({ pageSize, maxPages, partMs })) {
    if (!Number.isInteger(value) || value < 1)
      throw new TypeError(`${option}: expected at least 1`);
  }
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
  const targets = new Targets({ ...shared, upstreams: byName, described });
  const forward = createForward(shared);
  const subscriptions = createSubscriptions({ ...options, meta: serverMeta });
  const follow = createListen({
    ...shared,
    upstreams,
    targets,
    subscriptions,
    // Who does not say in time what it offers is asked for everything.
    capabilities: createCapabilities({ partMs: options.gatherMs ?? 2000, now }),
    maxItems: options.maxResourceSubscriptions ?? 1000,
    onChange: (upstream, change) => table.outdate(upstream, change),
  });
  const tools = { method: callTool, list: "tools", noun: "tool" } as const;
  const prompts = { method: getPrompt, list: "prompts", noun: "prompt" } as const;
  const asking = { upstreams, serverMeta, partMs, onWarning };
  const handlers = new Map<string, Handler>([
    [discover.name, (caller) => mergedDiscover(asking, caller)],
    ...listNames.map((list): [string, Handler] => [
      listKinds[list].method.name,
      (caller) => lists.serve(list, caller),
    ]),
    [callTool.name, async (caller) => forward(await targets.named(tools, caller), caller)],
    [getPrompt.name, async (caller) => forward(await targets.named(prompts, caller), caller)],
    [readResource.name, async (caller) => forward(await targets.resource(caller), caller)],
    [complete.name, async (caller) => forward(await targets.completion(caller), caller)],
    [listen.name, follow],
  ]);
  return { byName, table, lists, targets, forward, subscriptions, handlers };
}
