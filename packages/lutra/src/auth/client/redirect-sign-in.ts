/** The sign-in for web hosts, which redirect their users to the authorization server. */

import { addressOf } from "../../transport/http/client.ts";
import { type Interact, obtainByCode, redeem } from "./authorization-code.ts";
import { AuthorizationError, SignInRequiredError } from "./authorization-error.ts";
import { requireClientMetadataUrl, requireRedirectUri } from "./client-metadata.ts";
import type { FinishedSignIn, FinishRequest, Grant } from "./grant.ts";
import type { PendingSignIn, Records } from "./records.ts";
import { credentialsOf, type RegistrationOptions } from "./registration.ts";
import { readServerMetadata } from "./server-metadata.ts";

const defaultTimeoutMs = 600_000;

export interface RedirectSignInOptions extends RegistrationOptions {
  /** The URL of your application to which users return. */
  readonly redirectUri: string;
  /** Maximum time that a user may take, in milliseconds. @default 600000 */
  readonly timeoutMs?: number;
}

/**
 * Creates the sign-in for a web host. A request that needs it rejects with a `SignInRequiredError`;
 * redirect the user to its `authorizationUrl`, and pass the URL of the request with which the user
 * returns to `finishSignIn`.
 *
 * @throws {TypeError} for an invalid URL
 */
export function redirectSignIn(options: RedirectSignInOptions): Grant {
  const { redirectUri, clientMetadataUrl, timeoutMs = defaultTimeoutMs, clients = [] } = options;
  requireRedirectUri(redirectUri);
  if (clientMetadataUrl !== undefined) requireClientMetadataUrl(clientMetadataUrl);
  if (!(timeoutMs > 0)) throw new TypeError("timeoutMs: expected a positive number");
  return {
    isInteractive: false,
    issuers: clients.map(({ issuer }) => issuer),
    obtain: (request) => obtainByCode(redirecting(options, request.records), options, request),
    credentialsOf: (issuer, stored) => credentialsOf(options, issuer, stored),
    finish: (request) => finish(request, options),
  };
}

function redirecting(
  { redirectUri, timeoutMs = defaultTimeoutMs }: RedirectSignInOptions,
  records: Records,
): Interact {
  return async () => ({
    redirectUri,
    authorize: async (url, pending) => {
      await records.signIn(pending.state).set(pending, pending.startedAt + timeoutMs);
      const server = addressOf(new URL(pending.server));
      throw new SignInRequiredError(server, { authorizationUrl: url.href });
    },
    end: async () => {},
  });
}

/** Ends the sign-in to which a response belongs. It can be ended only once, and by the same user. */
async function finish(
  { parameters, records, fetchFor, now, signal }: FinishRequest,
  options: RedirectSignInOptions,
): Promise<FinishedSignIn> {
  const entry = records.signIn(parameters.getAll("state").join(" "));
  const pending = await entry.lock(async () => {
    const found = await entry.get();
    await entry.delete();
    return found;
  });
  requireRecent(pending, now() - (options.timeoutMs ?? defaultTimeoutMs));
  const server = new URL(pending.server);
  const fetch = fetchFor(server);
  const as = await readServerMetadata(pending.issuer, { fetch, signal });
  const tokens = await redeem(parameters, { as, pending, options, records, fetch, now, signal });
  return { server, tokens };
}

function requireRecent(
  pending: PendingSignIn | undefined,
  oldest: number,
): asserts pending is PendingSignIn {
  if (pending === undefined) {
    const message =
      "finishSignIn: this user has begun no such sign-in, or it has ended; start again";
    throw new AuthorizationError("state_mismatch", message);
  }
  if (pending.startedAt >= oldest) return;
  throw new AuthorizationError(
    "sign_in_timeout",
    "finishSignIn: the sign-in took too long; start again",
  );
}
