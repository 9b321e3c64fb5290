/** The signature algorithms of tokens and proofs. */
import { requireArray } from "../../protocol/known-members.ts";

/** The asymmetric algorithms that every runtime has. */
export const signatureAlgorithms: readonly string[] = Object.freeze([
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
  "PS256",
  "PS384",
  "PS512",
  "RS256",
  "RS384",
  "RS512",
]);

/**
 * Checks a list of algorithms. With a symmetric one, a public key could pass for the secret.
 *
 * @throws {TypeError} for an empty list, and for an algorithm that is symmetric or unknown
 */
export function requireAsymmetric(algorithms: readonly string[], where: string): void {
  requireArray(`${where}: algorithms`, algorithms, "string");
  const isKnown = algorithms.every((one) => signatureAlgorithms.includes(one));
  if (isKnown && algorithms.length > 0) return;
  throw new TypeError(`${where}: algorithms: expected some of ${signatureAlgorithms.join(", ")}`);
}
