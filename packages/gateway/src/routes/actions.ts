/** Where requests go on: refused, passed through by their head, or read and answered. */
import { compose, type Middleware, type Serve } from "lutra/protocol";
import type { CachedServer, ResponseCaching } from "../cache/response-caching.ts";
import type { Config, RouteConfig } from "../config/schema.ts";
import type { Head } from "../head/head.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import { admission, type Methods, paramAdmission } from "./admission.ts";
import { followTasks, mayBecomeTask } from "./follow-tasks.ts";
import { rename } from "./rename.ts";
import { mayShadow, type ShadowOptions, shadow } from "./shadow.ts";
import { createShares } from "./shares.ts";

export type Way =
  | { readonly kind: "deny"; readonly reason: string }
  | {
      readonly kind: "forward";
      readonly forward: NonNullable<Upstream["forward"]>;
      readonly shadow?: Upstream | undefined;
    }
  | { readonly kind: "read"; readonly serve: Serve };

/** What ways are made of. */
export interface WayParts {
  readonly config: Config;
  readonly methods: Methods;
  readonly upstream: (name: string) => Upstream;
  /** Several upstreams as one server. */
  readonly merge: (names: readonly string[], route: RouteConfig, index: number) => Serve;
  /** One upstream, with subscriptions that outlive its replicas. */
  readonly relay: (upstream: Upstream) => Serve;
  /** Keeps responses; absent where nothing is kept. */
  readonly caching: ResponseCaching["middleware"] | undefined;
  /** The name under which responses to a route are kept, where it is not the upstream's own. */
  readonly cacheName: (index: number) => string;
  /** The limits; absent where there are none. */
  readonly limits: Middleware | undefined;
}

/** Compiles a route into the way of each request that takes it. */
export function compileWay(
  route: RouteConfig,
  index: number,
  parts: WayParts,
): (head: Head) => Way {
  if (route.deny !== undefined) {
    const way: Way = { kind: "deny", reason: route.deny };
    return () => way;
  }
  if (route.merge !== undefined) {
    const names = mergedNames(route, parts.config);
    const trustPublic = commonTrust(names.map((name) => parts.config.upstreams[name]?.trustPublic));
    const server = { name: parts.cacheName(index), trustPublic };
    const policies = [...outer(route, server, parts), ...following(route, names, parts)];
    const serve = compose(policies, parts.merge(names, route, index));
    const way: Way = { kind: "read", serve };
    return () => way;
  }
  const shares = [route.to ?? []].flat().map((to) => {
    const { upstream, weight } = typeof to === "string" ? { upstream: to, weight: 1 } : to;
    return { weight, to: toUpstream(parts.upstream(upstream), { route, index }, parts) };
  });
  const next = createShares(shares);
  return (head) => next()(head);
}

/** What holds for all: one that is not trusted decides, then one of which nothing is said. */
function commonTrust(each: readonly (boolean | undefined)[]): boolean | undefined {
  if (each.includes(false)) return false;
  return each.includes(undefined) ? undefined : true;
}

/** The upstreams that a route merges, in their order. */
export function mergedNames({ merge }: RouteConfig, config: Config): readonly string[] {
  return merge === "all" ? Object.keys(config.upstreams) : (merge ?? []);
}

/** What a request passes before it comes to an upstream; the first is the outermost. */
function outer(route: RouteConfig, server: CachedServer, parts: WayParts): readonly Middleware[] {
  const { limits, caching, methods } = parts;
  return [
    admission(methods),
    ...(limits ? [limits] : []),
    ...(caching && route.cache ? [caching(server)] : []),
  ];
}

/** Nothing else of the route is for the gateway's own requests about a task. */
function following(
  { tasks }: RouteConfig,
  names: readonly string[],
  { config }: WayParts,
): readonly Middleware[] {
  if (tasks !== "follow") return [];
  const totals = names.map((name) => config.upstreams[name]?.timeouts.totalMs ?? 0);
  return [followTasks({ upstream: names.join(", "), totalMs: Math.max(...totals) })];
}

function toUpstream(
  upstream: Upstream,
  { route, index }: { readonly route: RouteConfig; readonly index: number },
  parts: WayParts,
): (head: Head) => Way {
  const { methods, caching, limits } = parts;
  const config = parts.config.upstreams[upstream.name];
  const verifies = verifiesItself(config);
  const shadowing = shadowOptions(route, parts);
  const server = {
    name: route.rename === undefined ? upstream.name : parts.cacheName(index),
    trustPublic: config?.trustPublic,
  };
  const serve = compose(
    [
      ...outer(route, server, parts),
      ...(route.rename === undefined ? [] : [rename(route.rename, methods)]),
      ...(shadowing ? [shadow(shadowing)] : []),
      ...(verifies ? [] : [paramAdmission(upstream)]),
      ...following(route, [upstream.name], parts),
    ],
    parts.relay(upstream),
  );
  const read: Way = { kind: "read", serve };
  const { forward } = upstream;
  if (forward === undefined || !verifies || route.rename !== undefined || limits !== undefined) {
    return () => read;
  }
  const keeps = caching !== undefined && route.cache;
  const pass: Way = { kind: "forward", forward };
  const both: Way = { kind: "forward", forward, shadow: shadowing?.upstream };
  return ({ method, name }) => {
    const described = method === undefined ? undefined : methods.get(method);
    if (described?.longLived || (keeps && described?.cacheable)) return read;
    if (route.tasks === "follow" && mayBecomeTask(method)) return read;
    return shadowing !== undefined && mayShadow(method, name, shadowing) ? both : pass;
  };
}

/** Whether the upstream compares headers with bodies, so that the gateway need not read them. */
export function verifiesItself(config: Config["upstreams"][string] | undefined): boolean {
  return (config?.verify ?? (config?.module === undefined ? "gateway" : "upstream")) === "upstream";
}

function shadowOptions(route: RouteConfig, parts: WayParts): ShadowOptions | undefined {
  if (route.shadow === undefined) return undefined;
  const { upstream, sideEffects } = route.shadow;
  return { upstream: parts.upstream(upstream), methods: parts.methods, sideEffects };
}
