/** The middleware of served requests, in order. */
import { switchOff } from "lutra/middleware";
import type { Middleware } from "lutra/protocol";
import type { CachedServer } from "../cache/response-caching.ts";
import type { RouteConfig } from "../config/schema.ts";
import { observeClient } from "../eras/observe-client.ts";
import { recordOf } from "../exchange-record.ts";
import { HeaderPolicy, type IdentifyingHeaders, identifyingAny } from "../head/header-policy.ts";
import { needSubject } from "../limits/limits.ts";
import type { ActionDependencies } from "./action.ts";
import { admission } from "./admission.ts";
import type { Denials } from "./denials.ts";
import { followTasks } from "./follow-tasks.ts";
import { type Identify, identify } from "./identify.ts";
import { listVersions } from "./list-versions.ts";

export interface OuterPolicies {
  readonly route: RouteConfig;
  /** The names of the upstreams that requests may reach. */
  readonly names: readonly string[];
  readonly server: CachedServer;
  readonly denials: Denials | undefined;
  readonly identify: Identify;
}

/** Returns the middleware that all served requests pass; the first is the outermost. */
export function outerPolicies(
  { route, names, server, denials, identify: identifyRequest }: OuterPolicies,
  { config, limits, guard, caching, methods }: ActionDependencies,
): readonly Middleware[] {
  const needsSubject =
    denials !== undefined ||
    guard !== undefined ||
    route.rename !== undefined ||
    needSubject(config.limits);
  const policies = names.map((name) => new HeaderPolicy(config.upstreams[name]?.headers));
  return [
    ...(policies.every(({ isPlain }) => isPlain) ? [] : [identifyBy(identifyingAny(policies))]),
    admission(methods),
    observeClient,
    listVersions(config.listen.versions),
    ...(config.switchedOff.length > 0 ? [switchOff(config.switchedOff)] : []),
    ...(needsSubject ? [identify(identifyRequest, denials)] : []),
    ...(limits ? [limits] : []),
    ...(guard ? [guard] : []),
    ...(caching && route.cache ? [caching(server)] : []),
  ];
}

/** Records the headers that identify callers for the upstreams of a route. */
function identifyBy(identifying: IdentifyingHeaders): Middleware {
  return (next) => (request, context) => {
    const record = recordOf(context);
    if (record !== undefined) record.identifying = identifying;
    return next(request, context);
  };
}

/**
 * Returns the middleware for tasks. It is the innermost, so that no other middleware applies to
 * requests that the gateway itself sends about a task.
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
