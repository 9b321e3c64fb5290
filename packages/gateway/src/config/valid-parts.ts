/** The input and the output of rules between parts of a configuration. */
import type { LimitConfig, RouteConfig } from "./schema.ts";

/** The valid parts of a configuration. */
export interface ValidParts {
  /** The names of the upstreams; absent if `upstreams` is not an object. */
  readonly upstreams: readonly string[] | undefined;
  /** `undefined` for each invalid entry, so that indices stay the same. */
  readonly routes: readonly (RouteConfig | undefined)[];
  readonly limits: readonly (LimitConfig | undefined)[];
  /** True when the configuration says who may call. */
  readonly verifiesCallers: boolean;
}

export interface Finding {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}
