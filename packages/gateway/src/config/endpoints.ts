/** The endpoints of a configuration, each with the settings that apply to it. */
import type { CompleteConfig } from "./complete-routes.ts";

export interface EndpointConfig {
  /** The name in `endpoints`. Undefined for the endpoint of `listen.path`, `auth` and `routes`. */
  readonly name: string | undefined;
  /** The names in `Host`, in lower case. Empty for every name that no endpoint lists. */
  readonly hosts: readonly string[];
  readonly path: string;
  /** True if its callers are those of the gateway, because it has no `auth` of its own. */
  readonly sharesCallers: boolean;
  /** The configuration, with `auth` and `routes` of the endpoint. */
  readonly config: CompleteConfig;
}

/** Returns the endpoints. That without a name is the first one; without `routes` there is none. */
export function endpointsOf(config: CompleteConfig): readonly EndpointConfig[] {
  const { endpoints = {}, listen } = config;
  const main = { name: undefined, hosts: [], path: listen.path, sharesCallers: true, config };
  const named = Object.entries(endpoints).map(([name, { host = [], path, auth, routes }]) => {
    const { auth: shared, ...others } = config;
    const own = auth === undefined ? shared : auth || undefined;
    return {
      name,
      hosts: [host].flat().map((one) => one.toLowerCase()),
      path: path ?? listen.path,
      sharesCallers: auth === undefined,
      config: { ...others, ...(own && { auth: own }), routes },
    };
  });
  return config.routes.length === 0 ? named : [main, ...named];
}

/** Returns the path of the endpoint without a name, or else of the first one. */
export function firstPath(config: CompleteConfig): string {
  return endpointsOf(config)[0]?.path ?? config.listen.path;
}
