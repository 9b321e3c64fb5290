/** The properties of the grants by which the gateway gets tokens for an upstream. */
import type { CompleteConfig } from "./complete-routes.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { endpointsOf } from "./endpoints.ts";
import type { ConfigDocument } from "./read-document.ts";
import { reachedUpstreams } from "./route-upstreams.ts";
import type { UpstreamAuthConfig } from "./schema.ts";

/** Returns true for a grant whose tokens belong to the caller, rather than to the gateway. */
export function isPerCaller({ grant }: Pick<UpstreamAuthConfig, "grant">): boolean {
  return grant !== "client-credentials";
}

interface RequireCallersOptions {
  /** The configuration file, for errors. */
  readonly file?: string;
  readonly positionOf?: ConfigDocument["positionOf"] | undefined;
  /** True if the program verifies the callers of endpoints without `auth`. */
  readonly hasAuthenticate: boolean;
}

/**
 * Checks that a gateway which gets tokens for its callers verifies them.
 *
 * @throws {ConfigError} with one problem for each upstream that needs verified callers
 */
export function requireCallers(
  config: CompleteConfig,
  { file = "configuration", positionOf = () => undefined, hasAuthenticate }: RequireCallersOptions,
): void {
  const { endpoints, upstreams } = config;
  const open = endpointsOf(config).filter(({ config: { auth }, sharesCallers }) => {
    return auth === undefined && !(hasAuthenticate && sharesCallers);
  });
  const reached = new Set(
    endpoints === undefined
      ? open.flatMap(() => Object.keys(upstreams))
      : open.flatMap((endpoint) => [...reachedUpstreams(endpoint.config)]),
  );
  const problems = Object.entries(upstreams).flatMap(([name, { auth: own }]): ConfigProblem[] => {
    if (own === undefined || !isPerCaller(own) || !reached.has(name)) return [];
    const path = `upstreams.${name}.auth.grant`;
    const message = `${own.grant} requires verified callers; add auth, which says who may call`;
    return [{ file, ...positionOf(path, "value"), path, message }];
  });
  if (problems.length > 0) throw new ConfigError(problems);
}
