import type { Config, RouteConfig } from "./schema.ts";

/** A configuration with routes. */
export type CompleteConfig = Config & { readonly routes: readonly RouteConfig[] };

/** Adds the default route if there are none: to the only upstream, or to all of them merged. */
export function completeRoutes(config: Config): CompleteConfig {
  if (config.routes !== undefined) return { ...config, routes: config.routes };
  const [first, ...others] = Object.keys(config.upstreams);
  const isOnly = first !== undefined && others.length === 0;
  const route: RouteConfig = isOnly ? { to: first, cache: true } : { merge: "all", cache: true };
  return { ...config, routes: [route] };
}
