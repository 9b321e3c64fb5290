/**
 * Nonces for proofs, made from a key and the time. All replicas with the same key accept each other's
 * nonces, and none is stored.
 *
 * @spec basic/authorization/security-considerations#token-theft
 */
import { base64url } from "jose";

export interface DPoPNonces {
  readonly current: () => Promise<string>;
  /** Resolves to true for the nonce of this period or of the one before. */
  readonly accepts: (nonce: unknown) => Promise<boolean>;
}

/** Minimum length of the key, in bytes. */
const minKeyBytes = 32;

/**
 * Creates the nonces of a server.
 *
 * @param key 32 bytes or more, as text
 * @param periodMs Time after which the nonce changes, in milliseconds
 * @throws {TypeError} for a key that is too short
 */
export function createDPoPNonces(key: string, periodMs: number, now: () => number): DPoPNonces {
  const bytes = new TextEncoder().encode(typeof key === "string" ? key : "");
  if (bytes.length < minKeyBytes) {
    throw new TypeError(
      `protect: dpop.nonceKey: expected ${minKeyBytes} bytes or more, such as from openssl rand -base64 32`,
    );
  }
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  let imported: Promise<CryptoKey> | undefined;
  let newest: { readonly period: number; readonly nonce: Promise<string> } | undefined;

  async function sign(period: number): Promise<string> {
    imported ??= crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
    const text = new TextEncoder().encode(`lutra dpop nonce ${period}`);
    const signature = await crypto.subtle.sign(algorithm.name, await imported, text);
    return base64url.encode(new Uint8Array(signature));
  }

  function nonceOf(period: number): Promise<string> {
    if (newest?.period === period) return newest.nonce;
    const nonce = sign(period);
    if (newest === undefined || period > newest.period) newest = { period, nonce };
    return nonce;
  }

  const period = () => Math.floor(now() / periodMs);
  return {
    current: () => nonceOf(period()),
    // A nonce is not secret, so it is compared like any text.
    accepts: async (nonce) =>
      nonce === (await nonceOf(period())) || nonce === (await nonceOf(period() - 1)),
  };
}
