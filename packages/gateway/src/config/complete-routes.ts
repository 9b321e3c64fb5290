import type { Config, RouteConfig } from "./schema.ts";

/** A configuration in which nothing is left open. */
export type CompleteConfig = Config & { readonly routes: readonly RouteConfig[] };

/** Fills in the routes where there are none: to the one upstream, or to all as one server. */
export function completeRoutes(config: Config): CompleteConfig {
  if (config.routes !== undefined) return { ...config, routes: config.routes };
  const [first, ...others] = Object.keys(config.upstreams);
  const isOnly = first !== undefined && others.length === 0;
  const route: RouteConfig = isOnly ? { to: first, cache: true } : { merge: "all", cache: true };
  return { ...config, routes: [route] };
}
