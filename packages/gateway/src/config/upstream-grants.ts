/** The properties of the grants by which the gateway gets tokens for an upstream. */
import type { CompleteConfig } from "./complete-routes.ts";
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import type { ConfigDocument } from "./read-document.ts";
import type { UpstreamAuthConfig } from "./schema.ts";

/** Returns true for a grant whose tokens belong to the caller, rather than to the gateway. */
export function isPerCaller({ grant }: Pick<UpstreamAuthConfig, "grant">): boolean {
  return grant !== "client-credentials";
}

/**
 * Checks that a gateway which gets tokens for its callers verifies them.
 *
 * @param file The configuration file, for errors
 * @throws {ConfigError} with one problem for each upstream that needs verified callers
 */
export function requireCallers(
  { auth, upstreams }: Pick<CompleteConfig, "auth" | "upstreams">,
  file = "configuration",
  positionOf: ConfigDocument["positionOf"] = () => undefined,
): void {
  if (auth !== undefined) return;
  const problems = Object.entries(upstreams).flatMap(([name, { auth: own }]): ConfigProblem[] => {
    if (own === undefined || !isPerCaller(own)) return [];
    const path = `upstreams.${name}.auth.grant`;
    const message = `${own.grant} requires verified callers; add auth, which says who may call`;
    return [{ file, ...positionOf(path, "value"), path, message }];
  });
  if (problems.length > 0) throw new ConfigError(problems);
}
