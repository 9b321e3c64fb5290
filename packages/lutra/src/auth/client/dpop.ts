/** Tokens that are bound to a key of the client (RFC 9449). */
import type { JWK } from "jose";
import { DPoP, type DPoPHandle, generateKeyPair } from "oauth4webapi";
import { quoted } from "../../protocol/peer-text.ts";
import { AuthorizationError } from "./authorization-error.ts";

const algorithm = "ES256";
const curve = { name: "ECDSA", namedCurve: "P-256" } as const;

/**
 * Creates the key to which tokens are bound. It is stored with them.
 *
 * @throws {AuthorizationError} `unsupported` if the authorization server binds none
 */
export async function createDPoPKey(as: {
  readonly issuer: string;
  readonly dpop_signing_alg_values_supported?: readonly string[];
}): Promise<JWK> {
  if (as.dpop_signing_alg_values_supported?.includes(algorithm) !== true) {
    throw new AuthorizationError(
      "unsupported",
      `${quoted(as.issuer)}: the authorization server does not bind tokens to keys of the type ${algorithm} (DPoP)`,
    );
  }
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const { kty, crv, x, y, d } = await crypto.subtle.exportKey("jwk", privateKey);
  return { kty, crv, x, y, d } as JWK;
}

/** Creates the signer of proofs. It remembers the nonces of servers. */
export async function createProofs({ d, ...publicKey }: JWK): Promise<DPoPHandle> {
  const secret = { ...publicKey, d } as JsonWebKey;
  return DPoP(
    {},
    {
      privateKey: await crypto.subtle.importKey("jwk", secret, curve, false, ["sign"]),
      publicKey: await crypto.subtle.importKey("jwk", publicKey as JsonWebKey, curve, true, [
        "verify",
      ]),
    },
  );
}
