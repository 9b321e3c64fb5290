/** The token of the gateway that a request carries to its upstream, in place of its caller's. */
import type { RequestContext } from "lutra/protocol";

/** The token of one parsed request. */
export interface CarriedToken {
  readonly token: string;
  /** Distinguishes callers whose tokens differ. Undefined if all callers have the same token. */
  readonly key: string | undefined;
}

const carried = Symbol("lutra.gateway.token");

/** Returns a context with the token. Copies of it keep the token. */
export function carryToken(context: RequestContext, token: CarriedToken): RequestContext {
  return Object.assign({ ...context }, { [carried]: token });
}

/** Returns the token of a parsed request; undefined at an upstream that gets none. */
export function carriedToken(context: RequestContext): CarriedToken | undefined {
  return (context as { [carried]?: CarriedToken })[carried];
}

/** The token of one request that is passed through. */
export interface StreamToken {
  /** False once the token has been renewed. */
  readonly mayRenew: boolean;
  /** Returns headers with the token. */
  readonly addTo: (headers: readonly string[]) => readonly string[];
  /** Obtains another token, after the upstream has refused the current one. */
  readonly renew: () => Promise<void>;
}
