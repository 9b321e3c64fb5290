/**
 * The renewal of tokens without the user.
 *
 * @spec basic/authorization/index#refresh-tokens
 */
import { isAuthorizationError } from "./authorization-error.ts";
import type { ClientCredentials } from "./client-authentication.ts";
import type { Tokens } from "./records.ts";
import { readServerMetadata } from "./server-metadata.ts";
import { requestTokens, tokensOf } from "./token-request.ts";

export interface RefreshRequest {
  readonly client: ClientCredentials;
  readonly fetch: typeof fetch;
  readonly now: () => number;
}

/**
 * Refreshes tokens at the authorization server that issued them. Resolves to `undefined` when the refresh
 * token or the client is no longer valid, so that the user has to sign in.
 */
export async function refreshed(
  tokens: Tokens,
  { client, fetch, now }: RefreshRequest,
): Promise<Tokens | undefined> {
  const { issuer, resource, refreshToken, dpopKey, requestedScopes } = tokens;
  const signal = undefined;
  try {
    const as = await readServerMetadata(issuer, { fetch, signal });
    const response = await requestTokens(
      { as, client, fetch, signal, dpopKey },
      { grant_type: "refresh_token", refresh_token: refreshToken, resource },
    );
    const issued = {
      issuer,
      resource,
      client: tokens.client,
      requestedScopes,
      dpopKey,
      now: now(),
    };
    // Without a new refresh token, the old one remains valid.
    return { ...(refreshToken !== undefined && { refreshToken }), ...tokensOf(response, issued) };
  } catch (error) {
    const isFinal =
      isAuthorizationError(error) &&
      (error.failure === "grant_refused" || error.failure === "client_refused");
    if (isFinal) return undefined;
    throw error;
  }
}
