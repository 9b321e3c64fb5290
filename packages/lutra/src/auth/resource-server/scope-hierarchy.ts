/**
 * Scopes that contain others.
 *
 * @spec basic/authorization/index#step-up-authorization-flow
 */
import { requireScopeNames } from "../../protocol/authorization.ts";
import { isObject } from "../../protocol/json.ts";

/** Returns granted scopes with all the scopes that they contain. */
export type ScopeHierarchy = (granted: readonly string[]) => readonly string[];

/**
 * Compiles a hierarchy: for each scope, the ones that it contains. They may contain others in turn.
 *
 * @throws {TypeError} for a name that OAuth does not allow
 */
export function compileHierarchy(
  contains: { readonly [scope: string]: readonly string[] } = {},
): ScopeHierarchy {
  if (!isObject(contains)) throw new TypeError("protect: scopeHierarchy: expected an object");
  const known = new Map(Object.entries(contains));
  for (const [scope, contained] of known) {
    requireScopeNames([scope, ...contained], "protect: scopeHierarchy");
  }
  return (granted) => {
    const all = new Set(granted);
    // A set visits the members that are added while it is walked.
    for (const scope of all) for (const contained of known.get(scope) ?? []) all.add(contained);
    return [...all];
  };
}
