/**
 * Access tokens that only the authorization server can read, verified by token introspection
 * (RFC 7662).
 *
 * @spec basic/authorization/index#token-handling
 */

import { isObject } from "../../protocol/json.ts";
import { requireKnownMembers } from "../../protocol/known-members.ts";
import { parseURL } from "../../protocol/parse-url.ts";
import { endpointOf } from "./authority.ts";
import type { TokenClaims } from "./claims.ts";
import type { VerifyToken } from "./verify-token.ts";

export interface IntrospectionOptions {
  /** The client id under which the authorization server knows this server. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** The URL of the endpoint. @default `introspection_endpoint` in the metadata of the issuer */
  readonly endpoint?: string;
}

/**
 * Verifies tokens by asking the authorization server. A revoked token is refused once it has
 * left the cache; see `cacheMs` of `protect`.
 *
 * @throws {TypeError} for a missing credential and an unknown option
 * @example
 * ```ts
 * const verify = introspectedTokens({ clientId: "library", clientSecret });
 * const auth = protect({ issuer, resource, verify });
 * ```
 */
export function introspectedTokens(options: IntrospectionOptions): VerifyToken {
  requireKnownMembers(options, ["clientId", "clientSecret", "endpoint"], "introspectedTokens");
  const { clientId, clientSecret, endpoint } = options;
  for (const [name, value] of Object.entries({ clientId, clientSecret })) {
    if (typeof value === "string" && value !== "") continue;
    throw new TypeError(`introspectedTokens: ${name}: expected a string of at least 1 character`);
  }
  if (endpoint !== undefined && parseURL(endpoint) === undefined) {
    throw new TypeError("introspectedTokens: endpoint: expected a URL");
  }
  const authorization = `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)}`;

  return async (token, authority) => {
    const url = endpoint ?? (await endpointOf(authority, "introspection_endpoint"));
    const response = await authority.fetch(url, {
      method: "POST",
      headers: { authorization, accept: "application/json" },
      body: new URLSearchParams({ token, token_type_hint: "access_token" }),
    });
    const { status } = response;
    if (status !== 200) throw new Error(`introspection: expected the status 200, got ${status}`);
    const answer: unknown = await response.json();
    if (!isObject(answer) || typeof answer.active !== "boolean") {
      throw new Error("introspection: expected a JSON object with the member active");
    }
    return answer.active ? (answer as TokenClaims) : undefined;
  };
}

/** Encodes a credential for HTTP Basic, as RFC 6749 requires it. */
function formEncoded(text: string): string {
  return new URLSearchParams({ text }).toString().slice("text=".length);
}
