/** The actions of routes: a request is denied, forwarded unread, or read and served. */
import { compose, type Middleware, type Serve } from "lutra/protocol";
import type { CachedServer, ResponseCaching } from "../cache/response-caching.ts";
import type { Config, RouteConfig } from "../config/schema.ts";
import type { Forward } from "../delivery/deliver-stream.ts";
import type { Head } from "../head/head.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import { admission, type Methods, paramAdmission } from "./admission.ts";
import { followTasks, mayBecomeTask } from "./follow-tasks.ts";
import { rename } from "./rename.ts";
import { mayShadow, type ShadowOptions, shadow } from "./shadow.ts";
import { createShares } from "./shares.ts";

export type Action =
  | { readonly kind: "deny"; readonly reason: string }
  | {
      readonly kind: "forward";
      readonly forward: NonNullable<Upstream["forward"]>;
      readonly shadow?: Forward["shadow"];
    }
  | { readonly kind: "serve"; readonly serve: Serve };

/** Chooses the action for a request by its head. */
export type ChooseAction = (head: Head) => Action;

/** A route with its index in the configuration. */
export interface IndexedRoute {
  readonly route: RouteConfig;
  readonly index: number;
}

/** The parts of the gateway that actions use. */
export interface ActionDependencies {
  readonly config: Config;
  readonly methods: Methods;
  readonly upstream: (name: string) => Upstream;
  /** Returns the `serve` of several upstreams as one server. */
  readonly merge: (names: readonly string[], route: IndexedRoute) => Serve;
  /** Returns the `serve` of one upstream, with subscriptions that outlive its replicas. */
  readonly relay: (upstream: Upstream) => Serve;
  /** The response cache; undefined if it is turned off. */
  readonly caching: ResponseCaching["middleware"] | undefined;
  /** Returns the cache name for a route whose responses differ from those of the upstream. */
  readonly cacheName: (index: number) => string;
  /** The limits; undefined if there are none. */
  readonly limits: Middleware | undefined;
}

/** Compiles the action of a route. */
export function compileAction(
  indexed: IndexedRoute,
  dependencies: ActionDependencies,
): ChooseAction {
  const { route } = indexed;
  if (route.deny !== undefined) return always({ kind: "deny", reason: route.deny });
  if (route.merge !== undefined) return compileMerge(indexed, dependencies);
  const shares = [route.to ?? []].flat().map((to) => {
    const { upstream, weight } = typeof to === "string" ? { upstream: to, weight: 1 } : to;
    return { weight, to: compileTarget(dependencies.upstream(upstream), indexed, dependencies) };
  });
  const next = createShares(shares);
  return (head) => next()(head);
}

function always(action: Action): ChooseAction {
  return () => action;
}

function compileMerge(indexed: IndexedRoute, dependencies: ActionDependencies): ChooseAction {
  const { route, index } = indexed;
  const { config, cacheName, merge } = dependencies;
  const names = mergedNames(route, config);
  const trustPublic = commonTrust(names.map((name) => config.upstreams[name]?.trustPublic));
  const server = { name: cacheName(index), trustPublic };
  const policies = [
    ...outerPolicies(route, server, dependencies),
    ...taskPolicies(route, names, dependencies),
  ];
  return always({ kind: "serve", serve: compose(policies, merge(names, indexed)) });
}

/** Combines `trustPublic`: false if any is false, undefined if any is unset, else true. */
function commonTrust(each: readonly (boolean | undefined)[]): boolean | undefined {
  if (each.includes(false)) return false;
  return each.includes(undefined) ? undefined : true;
}

/** Returns the upstreams that a route merges, in their order. */
export function mergedNames({ merge }: RouteConfig, config: Config): readonly string[] {
  return merge === "all" ? Object.keys(config.upstreams) : (merge ?? []);
}

/** Returns the middleware that all served requests pass; the first is the outermost. */
function outerPolicies(
  route: RouteConfig,
  server: CachedServer,
  { limits, caching, methods }: ActionDependencies,
): readonly Middleware[] {
  return [
    admission(methods),
    ...(limits ? [limits] : []),
    ...(caching && route.cache ? [caching(server)] : []),
  ];
}

/**
 * Returns the middleware for tasks. It is the innermost, because no other applies to requests that
 * the gateway itself sends about a task.
 */
function taskPolicies(
  { tasks }: RouteConfig,
  names: readonly string[],
  { config }: ActionDependencies,
): readonly Middleware[] {
  if (tasks !== "follow") return [];
  const totals = names.map((name) => config.upstreams[name]?.timeouts.totalMs ?? 0);
  return [followTasks({ upstream: names.join(", "), totalMs: Math.max(...totals) })];
}

function compileTarget(
  upstream: Upstream,
  { route, index }: IndexedRoute,
  dependencies: ActionDependencies,
): ChooseAction {
  const { config, methods, caching, limits, cacheName, relay } = dependencies;
  const own = config.upstreams[upstream.name];
  const verifies = verifiesItself(own);
  const shadowing = shadowOptions(route, dependencies);
  const name = route.rename === undefined ? upstream.name : cacheName(index);
  const policies = [
    ...outerPolicies(route, { name, trustPublic: own?.trustPublic }, dependencies),
    ...(route.rename === undefined ? [] : [rename(route.rename, methods)]),
    ...(shadowing ? [shadow(shadowing)] : []),
    ...(verifies ? [] : [paramAdmission(upstream, methods)]),
    ...taskPolicies(route, [upstream.name], dependencies),
  ];
  const serve: Action = { kind: "serve", serve: compose(policies, relay(upstream)) };
  const { forward } = upstream;
  if (forward === undefined || !verifies || route.rename !== undefined || limits !== undefined) {
    return always(serve);
  }
  const isServed = servedMethods(route, { methods, hasCache: caching !== undefined });
  const alone: Action = { kind: "forward", forward };
  if (shadowing === undefined) return ({ method }) => (isServed(method) ? serve : alone);
  const copied: Action = { ...alone, shadow: shadowing.upstream.copy };
  return ({ method, name }) => {
    if (isServed(method)) return serve;
    return mayShadow(method, name, shadowing) ? copied : alone;
  };
}

/** Returns a test for methods whose requests must be read even if the upstream verifies them. */
function servedMethods(
  route: RouteConfig,
  { methods, hasCache }: { readonly methods: Methods; readonly hasCache: boolean },
): (method: string | undefined) => boolean {
  const isCached = hasCache && route.cache;
  const isFollowed = route.tasks === "follow";
  const served = new Set<string | undefined>();
  for (const [name, { longLived, cacheable }] of methods) {
    if (longLived || (isCached && cacheable) || (isFollowed && mayBecomeTask(name)))
      served.add(name);
  }
  return (method) => served.has(method);
}

/**
 * Returns true when the upstream compares headers with bodies itself, so that the gateway need not
 * read the bodies.
 */
export function verifiesItself(config: Config["upstreams"][string] | undefined): boolean {
  return (config?.verify ?? (config?.module === undefined ? "gateway" : "upstream")) === "upstream";
}

function shadowOptions(
  route: RouteConfig,
  { upstream, methods }: ActionDependencies,
): ShadowOptions | undefined {
  if (route.shadow === undefined) return undefined;
  const { upstream: name, sideEffects } = route.shadow;
  return { upstream: upstream(name), methods, sideEffects };
}
