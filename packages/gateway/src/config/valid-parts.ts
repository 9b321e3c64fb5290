/** The input and the output of rules between parts of a configuration. */
import type { LimitConfig, MatchConfig, RouteConfig } from "./schema.ts";

/** The valid parts of a configuration. */
export interface ValidParts {
  /** The names of the upstreams; absent if `upstreams` is not an object. */
  readonly upstreams: readonly string[] | undefined;
  /** The routes of the gateway, then those of each endpoint. */
  readonly routeLists: readonly RouteList[];
  /** `undefined` for each invalid entry, so that indices stay the same. */
  readonly limits: readonly (LimitConfig | undefined)[];
}

/** The routes of one endpoint. */
export interface RouteList {
  /** The path of the list, such as `routes`. */
  readonly path: readonly string[];
  /** `undefined` for each invalid entry, so that indices stay the same. */
  readonly routes: readonly (RouteConfig | undefined)[];
  /** True when the configuration says who may call. */
  readonly verifiesCallers: boolean;
}

export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The conditions of a route or a limit. */
export interface ConditionsAt {
  readonly path: readonly PropertyKey[];
  readonly match: MatchConfig | undefined;
  readonly verifiesCallers: boolean;
}

/** Returns the conditions of all routes and limits. */
export function allConditions({ routeLists, limits }: ValidParts): readonly ConditionsAt[] {
  // A limit may be for the callers of any endpoint.
  const verifiesAny = routeLists.some(({ verifiesCallers }) => verifiesCallers);
  return [
    ...routeLists.flatMap(({ path, routes, verifiesCallers }) =>
      routes.map((route, index) => {
        return { path: [...path, index, "match"], match: route?.match, verifiesCallers };
      }),
    ),
    ...limits.map((limit, index) => {
      const path = ["limits", index, "match"];
      return { path, match: limit?.match, verifiesCallers: verifiesAny };
    }),
  ];
}
