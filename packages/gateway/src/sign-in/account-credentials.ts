/** The credentials of an upstream to which users connect accounts. */
import { hash } from "node:crypto";
import { unlessAborted } from "lutra/internal";
import type { Principal } from "lutra/protocol";
import { noToken, unverifiedCaller } from "../credentials/credential-errors.ts";
import { MissingAccountError } from "../credentials/missing-account.ts";
import type { RequestingCaller } from "../credentials/requesting-caller.ts";
import { TokenCache } from "../credentials/token-cache.ts";
import type { UpstreamCredentials } from "../credentials/upstream-credentials.ts";
import type { Account } from "./accounts.ts";

export interface AccountCredentialsOptions {
  /** The name of the upstream. */
  readonly name: string;
  readonly accountOf: (principal: string) => Account;
  /** Returns the page on which a caller connects an account. */
  readonly linkFor: (principal: Principal) => Promise<string>;
  readonly onWarning: (message: string, cause?: unknown) => void;
}

/** Creates the credentials. A caller without an account rejects with a `MissingAccountError`. */
export function createAccountCredentials({
  name,
  accountOf,
  linkFor,
  onWarning,
}: AccountCredentialsOptions): UpstreamCredentials {
  // The account may be connected at any time.
  const cache = new TokenCache({ failureMs: 0 });
  /** The tokens that the upstream has refused, by caller, until they are renewed. */
  const refusedTokens = new Map<string, string>();
  const keyOf = ({ principal }: RequestingCaller) =>
    hash("sha256", String(principal?.id), "base64url");

  async function tokenFor(principal: Principal, key: string) {
    const refused = refusedTokens.get(key);
    try {
      const token = await accountOf(principal.id).token({ refused });
      refusedTokens.delete(key);
      if (token !== undefined) return token;
    } catch (error) {
      const { refusal } = noToken(name, error);
      onWarning(`upstream "${name}": a token of a user was not renewed`, error);
      throw refusal;
    }
    throw new MissingAccountError(name, () => linkFor(principal));
  }

  return {
    keyOf,
    // A retry may contain the answer to the gateway's question, so every request is read.
    peek: () => undefined,
    get: async (caller, signal) => {
      const { principal } = caller;
      if (principal === undefined) throw unverifiedCaller();
      const key = keyOf(caller);
      return unlessAborted(
        cache.get(key, () => tokenFor(principal, key)),
        signal,
      );
    },
    refused: (caller, token) => {
      cache.drop(keyOf(caller), token);
      refusedTokens.set(keyOf(caller), token);
    },
  };
}
