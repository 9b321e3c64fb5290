/**
 * The scopes of an authorization request.
 *
 * @spec basic/authorization/index#scope-selection-strategy
 */

/** Maximum number of scopes of one list; further ones are ignored. */
const maxScopes = 200;

/** The scope that asks for a refresh token. */
const offlineAccess = "offline_access";

/** Parses a list of scopes, separated by spaces. Names that OAuth does not allow are left out. */
export function parseScopes(text: string | undefined): readonly string[] {
  return validScopes((text ?? "").split(" "));
}

/** Returns the scopes of a list that OAuth allows. */
export function validScopes(list: readonly unknown[]): readonly string[] {
  const valid = list.filter((one): one is string => typeof one === "string" && isScope(one));
  return [...new Set(valid)].slice(0, maxScopes);
}

function isScope(name: string): boolean {
  return /^[!#-[\]-~]{1,256}$/.test(name);
}

/** The sources of the scopes of one authorization request. */
export interface ScopeSources {
  /** The scopes of the challenge. Empty when it names none. */
  readonly challenged: readonly string[];
  /** `scopes_supported` of the protected resource metadata. */
  readonly supported: readonly string[];
  /** The scopes of the previous request, which the new one keeps. */
  readonly previous: readonly string[];
  /** The scopes that the options add. */
  readonly added: readonly string[];
}

/**
 * Returns the scopes to ask for: those of the challenge, or else all that the resource lists; and in
 * addition those that were asked for before, so that a token for one operation does not lose the
 * permissions for others.
 *
 * @spec basic/authorization/index#step-up-authorization-flow
 */
export function selectScopes(sources: ScopeSources): readonly string[] {
  const { challenged, supported, previous, added } = sources;
  const isFirst = previous.length === 0;
  const wanted = challenged.length === 0 && isFirst ? supported : challenged;
  return [...new Set([...previous, ...wanted, ...added])];
}

/**
 * Adds `offline_access`, which asks for a refresh token, where the authorization server offers it.
 *
 * @spec basic/authorization/index#refresh-tokens
 */
export function withOfflineAccess(
  scopes: readonly string[],
  offered: readonly string[] | undefined,
): readonly string[] {
  if (offered?.includes(offlineAccess) !== true || scopes.includes(offlineAccess)) return scopes;
  return [...scopes, offlineAccess];
}

/** Returns true when the scopes ask for a refresh token. */
export function asksForOfflineAccess(scopes: readonly string[]): boolean {
  return scopes.includes(offlineAccess);
}

/** Returns the value of the parameter `scope`, or `undefined` for a request without one. */
export function scopeParameter(scopes: readonly string[]): string | undefined {
  return scopes.length === 0 ? undefined : scopes.join(" ");
}
