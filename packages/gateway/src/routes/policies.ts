/** The middleware of served requests, in order. */
import type { Middleware } from "lutra/protocol";
import type { CachedServer } from "../cache/response-caching.ts";
import type { RouteConfig } from "../config/schema.ts";
import { needSubject } from "../limits/limits.ts";
import type { ActionDependencies } from "./action.ts";
import { admission } from "./admission.ts";
import type { Denials } from "./denials.ts";
import { followTasks } from "./follow-tasks.ts";
import { type Identify, identify } from "./identify.ts";

export interface OuterPolicies {
  readonly route: RouteConfig;
  readonly server: CachedServer;
  readonly denials: Denials | undefined;
  readonly identify: Identify;
}

/** Returns the middleware that all served requests pass; the first is the outermost. */
export function outerPolicies(
  { route, server, denials, identify: identifyRequest }: OuterPolicies,
  { config, limits, caching, methods }: ActionDependencies,
): readonly Middleware[] {
  const needsSubject = denials !== undefined || needSubject(config.limits);
  return [
    admission(methods),
    ...(needsSubject ? [identify(identifyRequest, denials)] : []),
    ...(limits ? [limits] : []),
    ...(caching && route.cache ? [caching(server)] : []),
  ];
}

/**
 * Returns the middleware for tasks. It is the innermost, because no other applies to requests that
 * the gateway itself sends about a task.
 */
export function taskPolicies(
  { tasks }: RouteConfig,
  names: readonly string[],
  { config }: ActionDependencies,
): readonly Middleware[] {
  if (tasks !== "follow") return [];
  const totals = names.map((name) => config.upstreams[name]?.timeouts.totalMs ?? 0);
  return [followTasks({ upstream: names.join(", "), totalMs: Math.max(...totals) })];
}
