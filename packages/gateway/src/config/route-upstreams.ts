/** The upstreams that routes send requests to. */
import type { CompleteConfig } from "./complete-routes.ts";
import type { RouteConfig } from "./schema.ts";

/** Returns the names of the upstreams that a route sends requests to. */
export function routeUpstreams(route: RouteConfig, all: readonly string[]): readonly string[] {
  if (route.merge === "all") return all;
  if (route.merge !== undefined) return route.merge;
  if (route.to === undefined) return [];
  return typeof route.to === "string" ? [route.to] : route.to.map(({ upstream }) => upstream);
}

/** Returns the names of the upstreams that the routes of a configuration reach, with copies. */
export function reachedUpstreams({
  routes,
  upstreams,
}: Pick<CompleteConfig, "routes" | "upstreams">): ReadonlySet<string> {
  const all = Object.keys(upstreams);
  return new Set(
    routes.flatMap((route) => {
      const copies = route.shadow === undefined ? [] : [route.shadow.upstream];
      return [...routeUpstreams(route, all), ...copies];
    }),
  );
}
