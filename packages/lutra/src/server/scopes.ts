/**
 * The scopes that a caller needs for a tool, a prompt or a resource.
 *
 * @spec basic/authorization/index#scope-challenge-handling
 */
import { requireScopeNames, requireScopes } from "../protocol/authorization.ts";
import type { Principal } from "../protocol/exchange.ts";

/** Scopes, or a function that returns those for the checked arguments of a call. */
export type ScopesOf<Args> = readonly string[] | ScopesFor<Args>["call"];

/** Declares a method, as the parameters of those may differ: a definition can be copied into another. */
interface ScopesFor<Args> {
  call(args: Args): readonly string[];
}

/** The scopes of a definition, compiled. */
export interface EntryScopes {
  /** The scopes that are known without arguments. */
  readonly fixed: readonly string[];
  /** Returns the scopes that depend on arguments. */
  readonly of: (args: unknown) => readonly string[];
  /** Checks the fixed scopes, before the arguments are validated. Throws as `requireScopes` does. */
  readonly require: (principal: Principal | undefined) => void;
  /** Checks the scopes that depend on arguments. Throws as `requireScopes` does. */
  readonly requireFor: (args: unknown, principal: Principal | undefined) => void;
}

const none: readonly string[] = [];

/**
 * Compiles the scopes of a definition.
 *
 * @param where The definition, for the message. @default it is added elsewhere
 * @throws {TypeError} for an empty list, and for a name that OAuth does not allow
 */
export function compileScopes(scopes: ScopesOf<never> | undefined, where?: string): EntryScopes {
  if (scopes !== undefined && typeof scopes !== "function") requireScopeNames(scopes, where);
  const isFunction = typeof scopes === "function";
  const fixed = isFunction || scopes === undefined ? none : scopes;
  const of = isFunction ? (scopes as (args: unknown) => readonly string[]) : () => none;
  const check = (required: readonly string[], principal: Principal | undefined) => {
    if (required.length > 0) requireScopes(principal, required);
  };
  return {
    fixed,
    of,
    require: (principal) => check(fixed, principal),
    requireFor: (args, principal) => check(of(args), principal),
  };
}

/**
 * Returns true for an entry that the caller may use, as far as is known.
 *
 * @param args The arguments. @default only the fixed scopes are compared
 */
export function isPermitted(
  { fixed, of }: EntryScopes,
  principal: Principal | undefined,
  args?: object,
): boolean {
  const { scopes: granted = none } = principal ?? {};
  const required = args === undefined ? fixed : [...fixed, ...of(args)];
  return required.every((scope) => granted.includes(scope));
}
