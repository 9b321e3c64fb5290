/** The readiness of a gateway and of its upstreams. */
import type { CompleteConfig } from "../config/complete-routes.ts";
import { routeUpstreams } from "../config/route-upstreams.ts";
import type { RouteConfig } from "../config/schema.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";

export interface Readiness {
  readonly isReady: boolean;
  /** The reason why not all requests can be served. Undefined if they can. */
  readonly problem: string | undefined;
}

/**
 * Returns the readiness of a gateway. It is ready while any route can be served, because one upstream
 * that is unavailable must not take all routes away.
 */
export function readinessOf(
  { routes, upstreams, endpoints = {} }: Pick<CompleteConfig, "routes" | "upstreams" | "endpoints">,
  statuses: readonly UpstreamStatus[],
): Readiness {
  const silent = new Set(statuses.filter((one) => !isAvailable(one)).map(({ name }) => name));
  if (silent.size === 0) return { isReady: true, problem: undefined };
  const all = Object.keys(upstreams);
  const everyRoute = [...routes, ...Object.values(endpoints).flatMap((one) => one.routes)];
  const chosen = everyRoute.map((route) => chosenUpstreams(route, all));
  const served = chosen.filter(({ length }) => length);
  const isReady = served.some((names) => names.some((name) => !silent.has(name)));
  return { isReady, problem: `no replica answers at ${[...silent].join(", ")}` };
}

/** Returns the upstreams that a route can choose. A weight of 0 excludes one. */
function chosenUpstreams(route: RouteConfig, all: readonly string[]): readonly string[] {
  if (typeof route.to !== "object") return routeUpstreams(route, all);
  return route.to.filter(({ weight }) => weight > 0).map(({ upstream }) => upstream);
}

/** True if a replica of the upstream answers. */
export function isAvailable({ replicas }: UpstreamStatus): boolean {
  return replicas.some(({ state }) => state === "up" || state === "warming");
}
