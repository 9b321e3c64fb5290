/**
 * What a configuration comes to: the way of each request. A reload makes a new plan, over upstreams
 * that go on where they have not changed.
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
import type { Decision } from "./handler.ts";
import { createMerge, type Merge } from "./merge/merge.ts";
import { createRelay, type Relay } from "./merge/relay.ts";
import { type Watch, watchUpstream } from "./merge/watch-upstream.ts";
import { version } from "./own-version.ts";
import { compileWay, mergedNames, verifiesItself, type WayParts } from "./routes/actions.ts";
import { paramAdmission } from "./routes/admission.ts";
import type { Caller } from "./routes/match.ts";
import { compileRoutes } from "./routes/routes.ts";
import type { Upstream } from "./upstreams/upstream.ts";

export interface PlanParts {
  readonly config: CompleteConfig;
  readonly upstreams: ReadonlyMap<string, Upstream>;
  /** Methods of extensions. */
  readonly methods: readonly Method[];
  readonly keys: readonly SealKey[];
  readonly caching: ResponseCaching | undefined;
  readonly limits: Middleware | undefined;
  /** Tells this plan's routes from those of the plans before it. */
  readonly generation: number;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

export interface Plan {
  readonly decide: (caller: Caller) => Decision | undefined;
  /** Ends subscriptions with their graceful result. Other requests that are under way go on. */
  readonly close: () => Promise<void>;
}

/** Compiles routes, and starts to watch upstreams for changes. */
export function createPlan(parts: PlanParts): Plan {
  const { config, upstreams, caching, generation } = parts;
  const methods = new Map([...coreMethods, ...parts.methods].map((one) => [one.name, one]));
  const relays = new Map<Upstream, Relay>();
  const merges = new Map<number, Merge>();
  const wayParts: WayParts = {
    config,
    methods,
    upstream: (name) => upstreams.get(name) as Upstream,
    cacheName: (index) => cacheName(generation, index),
    caching: caching?.middleware,
    limits: parts.limits,
    merge: (names, route, index) => {
      const merge = mergeOf(names, { route, index }, parts);
      merges.set(index, merge);
      return merge.serve;
    },
    relay: (upstream) => relayOf(upstream, relays, parts),
  };
  const routes = compileRoutes(config.routes);
  const ways = config.routes.map((route, index) => compileWay(route, index, wayParts));
  const watches = watchAll(parts, merges);
  return {
    decide: (caller) => {
      const route = routes.find(caller)?.index;
      const way = route === undefined ? undefined : ways[route];
      return way && route !== undefined ? { route, way: way(caller.head) } : undefined;
    },
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

interface Place {
  readonly route: RouteConfig;
  readonly index: number;
}

function mergeOf(names: readonly string[], { route, index }: Place, parts: PlanParts): Merge {
  const { config, keys, methods, onWarning, upstreams, caching, generation } = parts;
  return createMerge({
    upstreams: names.map((name) => withPolicies(upstreams.get(name) as Upstream, route, parts)),
    name: config.name,
    version,
    keys,
    methods,
    onWarning,
    // Before a client hears of a change, what it would find of the old state is gone.
    onChange: (change) => void caching?.changed(cacheName(generation, index), change),
    ...(route.prefix && { prefix: route.prefix }),
  });
}

/**
 * The upstream as one part of a merged server: its lists kept, so that callers share what they may,
 * and its headers verified. Resources are kept under the URIs that clients know, and not here.
 */
function withPolicies(upstream: Upstream, route: RouteConfig, parts: PlanParts): Upstream {
  const { caching, config } = parts;
  const own = config.upstreams[upstream.name];
  const server = { name: upstream.name, trustPublic: own?.trustPublic };
  const policies = [
    ...(caching && route.cache ? [onlyLists(caching.middleware(server))] : []),
    ...(verifiesItself(own) ? [] : [paramAdmission(upstream)]),
  ];
  return { ...upstream, serve: compose(policies, upstream.serve) };
}

/** Applies to requests for what has no name, such as lists. */
function onlyLists(middleware: Middleware): Middleware {
  const named = new Set(coreMethods.filter(({ nameField }) => nameField).map(({ name }) => name));
  return (next) => {
    const wrapped = middleware(next);
    return (request, context) => (named.has(request.method) ? next : wrapped)(request, context);
  };
}

function relayOf(upstream: Upstream, relays: Map<Upstream, Relay>, parts: PlanParts): Serve {
  let relay = relays.get(upstream);
  if (relay === undefined) {
    const { caching, onWarning } = parts;
    const onChange = (change: JSONRPCNotification) => void caching?.changed(upstream.name, change);
    relay = createRelay(upstream, { onWarning, onChange });
    relays.set(upstream, relay);
  }
  return relay.serve;
}

/** What an upstream says it changed is forgotten wherever it was kept. */
function watchAll(parts: PlanParts, merges: ReadonlyMap<number, Merge>): readonly Watch[] {
  const { config, upstreams, caching, generation, onWarning } = parts;
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
