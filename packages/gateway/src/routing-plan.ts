/**
 * Compiles a configuration into its routes and their actions. A reload creates a new plan, which
 * takes over the upstreams that have not changed and, if the routes have not changed either, the
 * subscriptions to them.
 */
import {
  compose,
  coreMethods,
  type JSONRPCNotification,
  type ListChanged,
  listChangedMethods,
  type Method,
  type Middleware,
  type Serve,
} from "lutra/protocol";
import type { SealKey } from "lutra/server";
import { guardHints } from "./cache/guard-hints.ts";
import type { ResponseCaching } from "./cache/response-caching.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import type { RouteConfig } from "./config/schema.ts";
import { recordOf } from "./exchange-record.ts";
import { createMerge, type Merge } from "./merge/merge.ts";
import { refuseWhileOut } from "./merge/refuse-while-out.ts";
import { createRelay, type Relay } from "./merge/relay.ts";
import { type Watch, watchUpstream } from "./merge/watch-upstream.ts";
import { version } from "./own-version.ts";
import {
  type ActionDependencies,
  type ChooseAction,
  type IndexedRoute,
  mergedNames,
  verifiesItself,
} from "./routes/action.ts";
import { compileAction } from "./routes/actions.ts";
import { type Methods, paramAdmission, paramPolicies } from "./routes/admission.ts";
import { type CompiledDenials, compileDenials, type Denials } from "./routes/denials.ts";
import { compileDecidingParams, type DecidingParams } from "./routes/param-rules.ts";
import { compileRoutes, type Routes } from "./routes/routes.ts";
import type { Upstream } from "./upstreams/upstream.ts";

export interface RoutingPlanOptions {
  readonly config: CompleteConfig;
  /** The name of the endpoint. Absent for the endpoint without a name. */
  readonly endpoint?: string | undefined;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Methods of extensions. */
  readonly methods: readonly Method[];
  readonly keys: readonly SealKey[];
  readonly caching: ResponseCaching | undefined;
  readonly limits: Middleware | undefined;
  readonly guard?: Middleware | undefined;
  /** The number of this plan. It separates the cached responses of different plans. */
  readonly generation: number;
  /** The plan whose subscriptions to unchanged upstreams continue. Absent if all of them end. */
  readonly before?: RoutingPlan | undefined;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

export interface RoutingPlan {
  /** The methods that the gateway knows, by name. */
  readonly methods: Methods;
  /** True if rules depend on `Mcp-Param-*` headers. */
  readonly hasParamRules: boolean;
  readonly routes: Routes;
  /** The actions of the routes, by the route's index. */
  readonly actions: readonly ChooseAction[];
  /** The parts with open subscriptions. */
  readonly parts: PlanParts;
  /**
   * Ends subscriptions with their result, except those of parts that another plan has taken over.
   * Other requests in flight continue.
   */
  readonly close: (next?: RoutingPlan) => Promise<void>;
}

interface PlanParts {
  /** The merged servers, by the route's index. */
  readonly merges: ReadonlyMap<number, MergePart>;
  readonly relays: ReadonlyMap<Upstream, Relay>;
}

interface MergePart {
  readonly merge: Merge;
  readonly upstreams: readonly Upstream[];
  /** The name of its responses in the cache. */
  readonly cacheName: string;
}

/** The options, with the core methods and those of extensions by name. */
interface PlanContext extends Omit<RoutingPlanOptions, "methods"> {
  readonly methods: Methods;
  readonly extensionMethods: readonly Method[];
  readonly decidingParams: DecidingParams | undefined;
  readonly denials: CompiledDenials;
}

/** Compiles the routes and starts watching the upstreams for changes. */
export function createRoutingPlan(options: RoutingPlanOptions): RoutingPlan {
  const { config, upstreams, caching, methods: extensionMethods } = options;
  const methods = new Map([...coreMethods, ...extensionMethods].map((one) => [one.name, one]));
  const decidingParams = compileDecidingParams(config);
  const denials = compileDenials(config);
  const context: PlanContext = {
    ...options,
    methods,
    extensionMethods,
    decidingParams,
    denials,
  };
  const relays = new Map<Upstream, Relay>();
  const merges = new Map<number, MergePart>();
  const kept = keptMerges(options);
  const nameOf = (index: number) => kept.get(index)?.cacheName ?? cacheName(options, index);
  const dependencies: ActionDependencies = {
    config,
    methods,
    upstream: (name) => upstreams.get(name) as Upstream,
    cacheName: nameOf,
    caching: caching?.middleware,
    limits: options.limits,
    guard: options.guard,
    merge: (names, place, above) => {
      const part = kept.get(place.index) ?? {
        merge: mergeOf(names, place, { ...context, above }),
        upstreams: names.map((name) => upstreams.get(name) as Upstream),
        cacheName: nameOf(place.index),
      };
      merges.set(place.index, part);
      return part.merge;
    },
    decidingParams,
    denials,
    relay: (upstream) => relayOf(upstream, relays, context),
  };
  const routes = compileRoutes(config.routes, config.listen.versions);
  const actions = config.routes.map((route, index) =>
    compileAction({ route, index }, dependencies),
  );
  const watches = watchAll(context, merges, nameOf);
  return {
    methods,
    hasParamRules: decidingParams !== undefined,
    routes,
    actions,
    parts: { merges, relays },
    close: async (next) => {
      for (const watch of watches) watch.close();
      const taken = new Set(openParts(next));
      for (const index of config.routes.keys()) {
        const part = merges.get(index);
        if (part === undefined || !taken.has(part.merge)) caching?.drop(nameOf(index));
      }
      const ended = openParts({ parts: { merges, relays } }).filter((part) => !taken.has(part));
      await Promise.all(ended.map((part) => part.close()));
    },
  };
}

function openParts(plan: Pick<RoutingPlan, "parts"> | undefined): readonly (Merge | Relay)[] {
  if (plan === undefined) return [];
  const { merges, relays } = plan.parts;
  return [...[...merges.values()].map(({ merge }) => merge), ...relays.values()];
}

/** Returns the merged servers of the plan before whose upstreams are still the same. */
function keptMerges({ before, config, upstreams }: RoutingPlanOptions): PlanParts["merges"] {
  const kept = [...(before?.parts.merges ?? [])].filter(([index, part]) => {
    const names = mergedNames(config.routes[index] as RouteConfig, config);
    const isSame = part.upstreams.every((one, at) => one === upstreams.get(names[at] ?? ""));
    return isSame && part.upstreams.length === names.length;
  });
  return new Map(kept);
}

function cacheName(
  { generation, endpoint }: Pick<RoutingPlanOptions, "generation" | "endpoint">,
  index: number,
): string {
  return `${generation}/${endpoint === undefined ? "" : `${endpoint}/`}route ${index}`;
}

function mergeOf(
  names: readonly string[],
  { route, index }: IndexedRoute,
  context: PlanContext & { readonly above: Denials | undefined },
): Merge {
  const { denials, above } = context;
  const { config, keys, extensionMethods, onWarning, upstreams, caching } = context;
  return createMerge({
    upstreams: names.map((name) => withPolicies(upstreams.get(name) as Upstream, route, context)),
    name: config.name,
    version,
    keys,
    methods: extensionMethods,
    onWarning,
    isShown: (subject) => denials.toAll.get(subject.kind)?.(subject) !== true,
    maySubscribe: (subject, { context }) => {
      const record = recordOf(context);
      return record === undefined || above?.find({ ...record, subject }) === undefined;
    },
    // Drops cached responses before a client is notified of the change.
    onChange: (change) => void caching?.changed(cacheName(context, index), change),
    ...(route.prefix && { prefix: route.prefix }),
    ...(route.pageSize && { pageSize: route.pageSize }),
  });
}

/**
 * Returns an upstream as part of a merged server, with its lists cached and its headers verified.
 * The merging route caches resources instead, under the URIs that clients know.
 */
function withPolicies(upstream: Upstream, route: RouteConfig, context: PlanContext): Upstream {
  const { caching, config, methods } = context;
  const own = config.upstreams[upstream.name];
  const { trustPublic } = own ?? {};
  const server = { name: upstream.name, trustPublic };
  // A public list decides about names for all callers, even if it is not cached.
  const guard = guardHints({ methods: cacheableNames(methods), trustPublic });
  const policies = [
    onlyLists(caching && route.cache ? caching.middleware(server) : guard),
    refuseWhileOut(upstream),
    ...paramPolicies(
      upstream,
      verifiesItself(own),
      paramAdmission(upstream, methods, context.decidingParams),
    ),
  ];
  return { ...upstream, serve: compose(policies, upstream.serve) };
}

function cacheableNames(methods: Methods): ReadonlySet<string> {
  return new Set([...methods.values()].filter((one) => one.cacheable).map(({ name }) => name));
}

/** Applies a middleware only to methods without a name field, such as lists. */
function onlyLists(middleware: Middleware): Middleware {
  const named = new Set(coreMethods.filter(({ nameField }) => nameField).map(({ name }) => name));
  return (next) => {
    const wrapped = middleware(next);
    return (request, context) => (named.has(request.method) ? next : wrapped)(request, context);
  };
}

function relayOf(upstream: Upstream, relays: Map<Upstream, Relay>, context: PlanContext): Serve {
  let relay = relays.get(upstream) ?? context.before?.parts.relays.get(upstream);
  if (relay === undefined) {
    const { caching, onWarning } = context;
    const onChange = (change: JSONRPCNotification) => void caching?.changed(upstream.name, change);
    relay = createRelay(upstream, { onWarning, onChange });
  }
  relays.set(upstream, relay);
  return relay.serve;
}

/** Watches the upstreams of all routes. On a change, drops lists in caches and merged servers. */
function watchAll(
  context: PlanContext,
  merges: PlanParts["merges"],
  nameOf: (index: number) => string,
): readonly Watch[] {
  const { config, upstreams, caching, onWarning } = context;
  const names = new Set(config.routes.flatMap((route) => watchedNames(route, config)));
  return [...names].map((name) => {
    const upstream = upstreams.get(name) as Upstream;
    const onChange = (change: ListChanged) => {
      const notification = { method: listChangedMethods[change] };
      upstream.forget?.();
      void caching?.changed(name, notification);
      for (const [index, route] of config.routes.entries()) {
        if (!watchedNames(route, config).includes(name)) continue;
        merges.get(index)?.merge.forget(name, change);
        void caching?.changed(nameOf(index), notification);
      }
    };
    const clientInfo = { name: config.name, version };
    return watchUpstream(upstream, onChange, { clientInfo, onWarning });
  });
}

function watchedNames(route: RouteConfig, config: CompleteConfig): readonly string[] {
  if (route.merge !== undefined) return mergedNames(route, config);
  return [route.to ?? []].flat().map((to) => (typeof to === "string" ? to : to.upstream));
}
