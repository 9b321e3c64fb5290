/** The credentials of an upstream to which users connect accounts. */
import { hash } from "node:crypto";
import { BoundedMap, unlessAborted } from "lutra/internal";
import type { Principal } from "lutra/protocol";
import { createOwnToken } from "../credentials/create-own-token.ts";
import { noClient, unverifiedCaller } from "../credentials/credential-errors.ts";
import { MissingAccountError } from "../credentials/missing-account.ts";
import type { RequestingCaller } from "../credentials/requesting-caller.ts";
import { TokenCache } from "../credentials/token-cache.ts";
import { TokenOutage } from "../credentials/token-outage.ts";
import type { UpstreamCredentials } from "../credentials/upstream-credentials.ts";
import type { Account } from "./accounts.ts";

export interface AccountCredentialsOptions {
  /** The name of the upstream. */
  readonly name: string;
  /** The resource identifier of the upstream. */
  readonly resource: string;
  readonly accountOf: (principal: string) => Account;
  /** Resolves to true once the user has agreed that this client uses the account. */
  readonly isPermitted: (principal: Principal, client: string) => Promise<boolean>;
  /** Returns the client of a principal; undefined if its token names none. */
  readonly clientOf: (principal: Principal) => string | undefined;
  /** Returns the page on which a caller connects an account. */
  readonly linkFor: (principal: Principal, client: string) => Promise<string>;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

/** Maximum number of callers whose refused tokens are kept until they are renewed. */
const maxRefused = 10_000;

/**
 * Creates the credentials. A caller without an account, or whose client may not use it, rejects
 * with a `MissingAccountError`. A caller without a client is refused, since a consent for it would be one
 * for every client.
 */
export function createAccountCredentials({
  name,
  resource,
  accountOf,
  isPermitted,
  clientOf,
  linkFor,
  onWarning,
}: AccountCredentialsOptions): UpstreamCredentials {
  // The account may be connected at any time.
  const nonce = { current: undefined };
  const cache = new TokenCache({
    failureMs: 0,
    toOwn: (token) => createOwnToken(token, { url: resource, nonce }),
  });
  /** The tokens that the upstream has refused, by caller, until they are renewed. */
  const refusedTokens = new BoundedMap<string, string>({ maxEntries: maxRefused });
  const outage = new TokenOutage(name, onWarning);
  const keyOf = ({ principal }: RequestingCaller) => {
    const caller = principal === undefined ? [] : [principal.id, clientOf(principal)];
    return hash("sha256", JSON.stringify(caller), "base64url");
  };

  async function tokenFor(principal: Principal, client: string, key: string) {
    const refused = refusedTokens.get(key);
    try {
      const isReady = await isPermitted(principal, client);
      const token = isReady ? await accountOf(principal.id).token({ refused }) : undefined;
      refusedTokens.delete(key);
      if (token !== undefined) {
        outage.succeeded();
        return token;
      }
    } catch (error) {
      throw outage.failed(error);
    }
    throw new MissingAccountError(name, () => linkFor(principal, client));
  }

  return {
    keyOf,
    // A retry may contain the answer to the gateway's question, so every request is read.
    peek: () => undefined,
    get: async (caller, signal) => {
      const { principal } = caller;
      if (principal === undefined) throw unverifiedCaller();
      const client = clientOf(principal);
      if (client === undefined) throw noClient(name);
      const key = keyOf(caller);
      return unlessAborted(
        cache.get(key, () => tokenFor(principal, client, key)),
        signal,
      );
    },
    refused: (caller, token) => {
      cache.drop(keyOf(caller), token);
      refusedTokens.set(keyOf(caller), token.accessToken);
    },
    // The user has agreed to the configured scopes, and to no others.
    stepUp: () => false,
  };
}
