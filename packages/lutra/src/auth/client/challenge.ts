/**
 * The challenge of a response that refuses a request.
 *
 * @spec basic/authorization/index#error-handling
 */
import {
  customFetch,
  protectedResourceRequest,
  type WWWAuthenticateChallenge,
  WWWAuthenticateChallengeError,
} from "oauth4webapi";
import { parseScopes } from "./scopes.ts";

/** The refusal of a request, as far as authorization is the reason. */
export interface Refusal {
  /** 401 when a token is missing or invalid, 403 when its scopes do not suffice. */
  readonly status: 401 | 403;
  /** The scopes that the operation needs. Empty when the challenge names none. */
  readonly scopes: readonly string[];
  /** The URL of the protected resource metadata, if the challenge names it. */
  readonly resourceMetadata: string | undefined;
  /** True when the challenge asks for tokens that are bound to a key. */
  readonly asksForDPoP: boolean;
  /** True when the same request succeeds with the nonce of the response. */
  readonly asksForNonce: boolean;
}

/** The refusal without a challenge, whose details are discovered. */
export const bareRefusal: Refusal = {
  status: 401,
  scopes: [],
  resourceMetadata: undefined,
  asksForDPoP: false,
  asksForNonce: false,
};

/**
 * Returns the refusal that a response contains, or `undefined` for any other response. A 403 counts
 * only when the scopes of the token do not suffice.
 *
 * @spec basic/authorization/index#runtime-insufficient-scope-errors
 */
export async function refusalOf(response: Response): Promise<Refusal | undefined> {
  const { status } = response;
  if (status !== 401 && status !== 403) return undefined;
  const challenges = (await challengesOf(response)).filter(({ scheme }) => isToken(scheme));
  const find = (name: "scope" | "resource_metadata") =>
    challenges.find(({ parameters }) => parameters[name] !== undefined)?.parameters[name];
  const has = (error: string) => challenges.some(({ parameters }) => parameters.error === error);
  if (status === 403 && !has("insufficient_scope")) return undefined;
  return {
    status,
    scopes: parseScopes(find("scope")),
    resourceMetadata: find("resource_metadata"),
    asksForDPoP: challenges.length > 0 && challenges.every(({ scheme }) => scheme === "dpop"),
    asksForNonce: status === 401 && has("use_dpop_nonce"),
  };
}

function isToken(scheme: string): boolean {
  return scheme === "bearer" || scheme === "dpop";
}

/** Parses `WWW-Authenticate`. The library has its parser only behind a request. */
async function challengesOf(response: Response): Promise<readonly WWWAuthenticateChallenge[]> {
  try {
    const options = { [customFetch]: async () => response };
    const url = new URL("https://localhost/");
    await protectedResourceRequest("none", "GET", url, undefined, undefined, options);
    return [];
  } catch (error) {
    if (error instanceof WWWAuthenticateChallengeError) return error.cause;
    throw error;
  }
}
