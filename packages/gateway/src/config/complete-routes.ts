import type { Config, RouteConfig } from "./schema.ts";

/**
 * A configuration with routes. They are empty if it has only endpoints with names, whose routes are
 * their own.
 */
export type CompleteConfig = Config & { readonly routes: readonly RouteConfig[] };

/**
 * Adds the default route if there are none: to the only upstream, or to all of them merged. Beside
 * `endpoints`, none is added, so that no upstream is served at a place that is not written.
 */
export function completeRoutes(config: Config): CompleteConfig {
  if (config.routes !== undefined) return { ...config, routes: config.routes };
  if (config.endpoints !== undefined) return { ...config, routes: [] };
  const [first, ...others] = Object.keys(config.upstreams);
  const isOnly = first !== undefined && others.length === 0;
  const route: RouteConfig = isOnly ? { to: first, cache: true } : { merge: "all", cache: true };
  return { ...config, routes: [route] };
}
