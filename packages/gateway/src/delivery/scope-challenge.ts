/**
 * The refusal of a request whose token lacks a scope, by the challenge of an upstream.
 *
 * @spec basic/authorization/index#runtime-insufficient-scope-errors
 */
import { ProtocolError } from "lutra/protocol";
import type { Failure } from "./upstream-error.ts";

/** Maximum number of scopes that are read from one challenge. */
const maxScopes = 20;
/** Maximum length of the scopes of one challenge, in characters. */
const maxScopesLength = 1024;

const isInsufficient = /(?:^|[\s,])error\s*=\s*"?insufficient_scope(?:"|$|[\s,])/i;
const named = /(?:^|[\s,])scope\s*=\s*"([^"\\]*)"/i;

/**
 * Returns the scopes that a challenge requires, or undefined for one with another reason. The list is
 * empty when the challenge names none.
 */
export function scopesIn(challenge: string | undefined): readonly string[] | undefined {
  if (challenge === undefined || !isInsufficient.test(challenge)) return undefined;
  const [, text = ""] = named.exec(challenge) ?? [];
  if (text.length > maxScopesLength) return [];
  const scopes = text.split(" ").filter((scope) => /^[!#-[\]-~]+$/.test(scope));
  return [...new Set(scopes)].slice(0, maxScopes);
}

/**
 * Returns the failure of a request for which the token of the gateway lacks a scope. It has no challenge,
 * since a client could obtain no other token for the upstream.
 */
export function scopeFailureOf(upstream: string, scopes: readonly string[]): Failure {
  const missing = scopes.length === 0 ? "further scopes" : `the scope ${scopes.join(" ")}`;
  const message = `The upstream requires ${missing}, which the gateway did not get for this caller; ask the operator of the gateway`;
  const data = { upstream, ...(scopes.length > 0 && { scopes: [...scopes] }) };
  const error = new ProtocolError("invalidRequest", message, { status: 403, data });
  return { reason: "insufficient-scope", error };
}
