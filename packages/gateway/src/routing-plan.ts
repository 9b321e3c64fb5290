/**
 * Compiles a configuration into its routes and their actions. A reload creates a new plan; both
 * plans share the upstreams that have not changed.
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
import type { ResponseCaching } from "./cache/response-caching.ts";
import type { CompleteConfig } from "./config/complete-routes.ts";
import type { RouteConfig } from "./config/schema.ts";
import { recordOf } from "./exchange-record.ts";
import { createMerge, type Merge } from "./merge/merge.ts";
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
import { type Methods, paramAdmission } from "./routes/admission.ts";
import { compileDeniedToAll, type Denials, type IsDeniedToAll } from "./routes/denials.ts";
import { compileDecidingParams, type DecidingParams } from "./routes/param-rules.ts";
import { compileRoutes, type Routes } from "./routes/routes.ts";
import type { SubjectKind } from "./subjects/subject.ts";
import type { Upstream } from "./upstreams/upstream.ts";

export interface RoutingPlanOptions {
  readonly config: CompleteConfig;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Methods of extensions. */
  readonly methods: readonly Method[];
  readonly keys: readonly SealKey[];
  readonly caching: ResponseCaching | undefined;
  readonly limits: Middleware | undefined;
  /** The number of this plan. It separates the cached responses of different plans. */
  readonly generation: number;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

export interface RoutingPlan {
  readonly routes: Routes;
  /** The actions of the routes, by the route's index. */
  readonly actions: readonly ChooseAction[];
  /** Ends subscriptions with their result. Other requests in flight continue. */
  readonly close: () => Promise<void>;
}

/** The options, with the core methods and those of extensions by name. */
interface PlanContext extends Omit<RoutingPlanOptions, "methods"> {
  readonly methods: Methods;
  readonly extensionMethods: readonly Method[];
  readonly decidingParams: DecidingParams | undefined;
  readonly deniedToAll: ReadonlyMap<SubjectKind, IsDeniedToAll>;
}

/** Compiles the routes and starts watching the upstreams for changes. */
export function createRoutingPlan(options: RoutingPlanOptions): RoutingPlan {
  const { config, upstreams, caching, generation } = options;
  const { methods: extensionMethods } = options;
  const methods = new Map([...coreMethods, ...extensionMethods].map((one) => [one.name, one]));
  const decidingParams = compileDecidingParams(config);
  const deniedToAll = compileDeniedToAll(config);
  const context: PlanContext = {
    ...options,
    methods,
    extensionMethods,
    decidingParams,
    deniedToAll,
  };
  const relays = new Map<Upstream, Relay>();
  const merges = new Map<number, Merge>();
  const dependencies: ActionDependencies = {
    config,
    methods,
    upstream: (name) => upstreams.get(name) as Upstream,
    cacheName: (index) => cacheName(generation, index),
    caching: caching?.middleware,
    limits: options.limits,
    merge: (names, place, denials) => {
      const merge = mergeOf(names, place, { ...context, denials });
      merges.set(place.index, merge);
      return merge;
    },
    decidingParams,
    deniedToAll,
    relay: (upstream) => relayOf(upstream, relays, context),
  };
  const routes = compileRoutes(config.routes);
  const actions = config.routes.map((route, index) =>
    compileAction({ route, index }, dependencies),
  );
  const watches = watchAll(context, merges);
  return {
    routes,
    actions,
    close: async () => {
      for (const watch of watches) watch.close();
      for (const index of config.routes.keys()) caching?.drop(cacheName(generation, index));
      await Promise.all([...merges.values(), ...relays.values()].map((open) => open.close()));
    },
  };
}

function cacheName(generation: number, index: number): string {
  return `${generation}/route ${index}`;
}

function mergeOf(
  names: readonly string[],
  { route, index }: IndexedRoute,
  context: PlanContext & { readonly denials: Denials | undefined },
): Merge {
  const { deniedToAll, denials } = context;
  const { config, keys, extensionMethods, onWarning, upstreams, caching, generation } = context;
  return createMerge({
    upstreams: names.map((name) => withPolicies(upstreams.get(name) as Upstream, route, context)),
    name: config.name,
    version,
    keys,
    methods: extensionMethods,
    onWarning,
    isShown: (subject) => deniedToAll.get(subject.kind)?.(subject) !== true,
    maySubscribe: (subject, { context }) => {
      const record = recordOf(context);
      return record === undefined || denials?.find({ ...record, subject }) === undefined;
    },
    // Drops cached responses before a client is notified of the change.
    onChange: (change) => void caching?.changed(cacheName(generation, index), change),
    ...(route.prefix && { prefix: route.prefix }),
  });
}

/**
 * Returns an upstream as part of a merged server, with its lists cached and its headers verified.
 * The merging route caches resources instead, under the URIs that clients know.
 */
function withPolicies(upstream: Upstream, route: RouteConfig, context: PlanContext): Upstream {
  const { caching, config, methods } = context;
  const own = config.upstreams[upstream.name];
  const server = { name: upstream.name, trustPublic: own?.trustPublic };
  const policies = [
    ...(caching && route.cache ? [onlyLists(caching.middleware(server))] : []),
    ...(verifiesItself(own) ? [] : [paramAdmission(upstream, methods, context.decidingParams)]),
  ];
  return { ...upstream, serve: compose(policies, upstream.serve) };
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
  let relay = relays.get(upstream);
  if (relay === undefined) {
    const { caching, onWarning } = context;
    const onChange = (change: JSONRPCNotification) => void caching?.changed(upstream.name, change);
    relay = createRelay(upstream, { onWarning, onChange });
    relays.set(upstream, relay);
  }
  return relay.serve;
}

/** Watches the upstreams of all routes. On a change, drops lists in caches and merged servers. */
function watchAll(context: PlanContext, merges: ReadonlyMap<number, Merge>): readonly Watch[] {
  const { config, upstreams, caching, generation, onWarning } = context;
  const names = new Set(config.routes.flatMap((route) => watchedNames(route, config)));
  return [...names].map((name) => {
    const upstream = upstreams.get(name) as Upstream;
    const onChange = (change: ListChanged) => {
      const notification = { method: listChangedMethods[change] };
      upstream.forget?.();
      void caching?.changed(name, notification);
      for (const [index, route] of config.routes.entries()) {
        if (!watchedNames(route, config).includes(name)) continue;
        merges.get(index)?.forget(name, change);
        void caching?.changed(cacheName(generation, index), notification);
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
