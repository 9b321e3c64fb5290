/** The token of the gateway that a request carries to its upstream, in place of its caller's. */
import type { RequestContext } from "lutra/protocol";

/** A token of the gateway for one upstream. */
export interface OwnToken {
  readonly accessToken: string;
  /** Returns the headers of one attempt, names and values in turn. */
  readonly headers: () => readonly string[];
  /** Reports the nonce that a response of the upstream contains, if any. */
  readonly seeNonce: (nonce: string | undefined) => void;
}

/** The header with which a server names the nonce of the next proof. */
export const nonceHeader = "dpop-nonce";

/** Returns true for a challenge that asks for a proof with the nonce of the server. */
export function asksForNonce(challenge: string | undefined): boolean {
  return challenge !== undefined && /(?:^|[\s,])error\s*=\s*"?use_dpop_nonce"?/i.test(challenge);
}

/** The token of one parsed request. */
export interface CarriedToken {
  readonly token: OwnToken;
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
  /** Returns headers with the token. */
  readonly addTo: (headers: readonly string[]) => readonly string[];
  /** Reports the nonce that a response of the upstream contains, if any. */
  readonly seeNonce: OwnToken["seeNonce"];
  /**
   * Reports that the upstream has refused the token with a challenge. Returns true, once, if another one
   * may be accepted, and once if the same one may be with a nonce.
   */
  readonly refused: (challenge: string | undefined) => boolean;
  /**
   * Reports that the upstream requires scopes that the token lacks. Returns true, once, if another one may
   * have them.
   */
  readonly stepUp: (scopes: readonly string[]) => boolean;
  /** Obtains the token for the next attempt. The signal ends the wait. */
  readonly renew: (signal: AbortSignal) => Promise<void>;
}
