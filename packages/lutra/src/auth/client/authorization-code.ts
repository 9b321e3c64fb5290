/**
 * The authorization code flow, with the part of the user left open.
 *
 * @spec basic/authorization/index#authorization-flow-steps
 */
import type { AuthorizationServer } from "oauth4webapi";
import { isAuthorizationError } from "./authorization-error.ts";
import { authorizationURL, createPendingSignIn, requirePKCE } from "./authorization-request.ts";
import { codeOf } from "./authorization-response.ts";
import type { GrantRequest } from "./grant.ts";
import type { PendingSignIn, Records, Tokens } from "./records.ts";
import { credentialsOf, type RegistrationOptions, registeredClient } from "./registration.ts";
import { requestTokens, tokensOf } from "./token-request.ts";

/** The part of one sign-in that the user takes. */
interface Interaction {
  /** The URI to which the user returns. */
  readonly redirectUri: string;
  /** Lets the user sign in. Resolves to the parameters of the response. */
  readonly authorize: (url: URL, pending: PendingSignIn) => Promise<URLSearchParams>;
  readonly end: () => Promise<void>;
}

/**
 * Begins a sign-in.
 *
 * @param registered The redirect URIs that the authorization server knows already
 */
export type Interact = (
  registered: readonly string[],
  signal: AbortSignal | undefined,
) => Promise<Interaction>;

/** Runs the flow from the registration to the tokens. */
export async function obtainByCode(
  interact: Interact,
  options: RegistrationOptions,
  request: GrantRequest,
): Promise<Tokens> {
  const { as, records, signal, fetch, now, isDPoP } = request;
  requirePKCE(as);
  const entry = records.client(as.issuer);
  const known = (await entry.get())?.redirectUris ?? [];
  const interaction = await interact(known, signal);
  try {
    const { redirectUri } = interaction;
    const registration = { as, redirectUri, entry, fetch, now, isDPoP };
    const client = await registeredClient(options, registration);
    const pending = await createPendingSignIn(request, client, redirectUri);
    const url = await authorizationURL(as, pending);
    const parameters = await interaction.authorize(url, pending);
    return await redeem(parameters, { ...request, pending, options });
  } finally {
    await interaction.end();
  }
}

export interface Redeemed {
  readonly as: AuthorizationServer;
  readonly pending: PendingSignIn;
  readonly options: RegistrationOptions;
  readonly records: Records;
  readonly fetch: typeof fetch;
  readonly now: () => number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Checks the response to an authorization request, and exchanges its code for tokens. A client that the
 * authorization server has forgotten is registered again the next time.
 */
export async function redeem(parameters: URLSearchParams, redeemed: Redeemed): Promise<Tokens> {
  try {
    return await exchange(parameters, redeemed);
  } catch (error) {
    const isForgotten = isAuthorizationError(error) && error.failure === "client_refused";
    if (isForgotten) await redeemed.records.client(redeemed.pending.issuer).delete();
    throw error;
  }
}

async function exchange(
  parameters: URLSearchParams,
  { as, pending, options, fetch, now, signal }: Redeemed,
): Promise<Tokens> {
  const { issuer, resource, client, requestedScopes, dpopKey } = pending;
  const code = codeOf(parameters, pending);
  const credentials = credentialsOf(options, issuer, client);
  const response = await requestTokens(
    { as, client: credentials, fetch, signal, dpopKey },
    {
      grant_type: "authorization_code",
      code,
      redirect_uri: pending.redirectUri,
      code_verifier: pending.codeVerifier,
      resource,
    },
  );
  return tokensOf(response, { issuer, resource, client, requestedScopes, dpopKey, now: now() });
}
