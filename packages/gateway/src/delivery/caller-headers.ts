/**
 * The headers that tell an upstream who calls: the caller's credentials, or the principal that the
 * gateway has verified.
 */
import { principalHeader } from "lutra/internal";
import type { Principal } from "lutra/protocol";

export { principalHeader };

/** The rules of one upstream for the headers that describe the caller. */
export interface CallerHeaders {
  /** Returns true when upstreams receive the credentials of callers. */
  readonly passesCredentials: () => boolean;
  /** Encodes a principal for replicas that can verify it. Absent for all other upstreams. */
  readonly encodePrincipal?: ((principal: Principal) => string) | undefined;
}

/** The rules of a gateway that verifies no callers. */
export const unverifiedCallers: CallerHeaders = { passesCredentials: () => true };
