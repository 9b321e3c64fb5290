/**
 * The clients that a user has permitted to use an account. A user has several clients, and each can only use
 * the account once the user has agreed for it: a client may be that of an attacker.
 *
 * @spec basic/authorization/security-considerations#confused-deputy-problem
 */
import type { TokenStore } from "lutra/auth/client";
import { BoundedMap } from "lutra/internal";

/** The consents for one upstream, by the id of the principal and the client. */
export interface Consents {
  readonly has: (principal: string, client: string) => Promise<boolean>;
  readonly add: (principal: string, client: string) => Promise<void>;
}

/** Maximum number of consents in memory; others are read from the store. */
const maxRemembered = 10_000;

/** Creates the consents for an upstream in a store. */
export function createConsents(store: TokenStore, upstream: string): Consents {
  const remembered = new BoundedMap<string, true>({ maxEntries: maxRemembered });
  const keyOf = (principal: string, client: string) =>
    JSON.stringify(["consent", upstream, principal, client]);
  return {
    has: async (principal, client) => {
      const key = keyOf(principal, client);
      if (remembered.has(key)) return true;
      const isStored = (await store.get(key)) !== undefined;
      if (isStored) remembered.set(key, true);
      return isStored;
    },
    add: async (principal, client) => {
      const key = keyOf(principal, client);
      await store.set(key, "agreed");
      remembered.set(key, true);
    },
  };
}
