/**
 * The headers with which the gateway presents a token to an upstream: as a bearer token, or with a proof
 * for one that is bound to a key (DPoP, RFC 9449).
 *
 * @spec basic/authorization/security-considerations#token-theft
 */
import {
  createPrivateKey,
  hash,
  type JsonWebKey,
  type KeyObject,
  randomUUID,
  sign,
} from "node:crypto";
import type { OwnToken } from "../delivery/own-token.ts";
import type { KeptToken } from "./token-cache.ts";

/** The nonce that an upstream requires in proofs. It is the same for all tokens. */
interface ProofNonce {
  current: string | undefined;
}

export interface OwnTokenOptions {
  /** The URL that proofs name: the resource identifier of the upstream. */
  readonly url: string;
  readonly nonce: ProofNonce;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Maximum length of a nonce, in characters. Longer ones are ignored. */
const maxNonceLength = 512;

/** Creates the token as requests carry it. */
export function createOwnToken(
  { accessToken, dpopKey }: KeptToken,
  { url, nonce, now = Date.now }: OwnTokenOptions,
): OwnToken {
  if (dpopKey === undefined) {
    const headers = ["authorization", `Bearer ${accessToken}`];
    return { accessToken, headers: () => headers, seeNonce: () => {} };
  }
  const { kty, crv, x, y } = dpopKey;
  const key = createPrivateKey({ key: dpopKey as JsonWebKey, format: "jwk" });
  const protectedHeader = encode({ typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } });
  const claims = { htm: "POST", htu: url, ath: hash("sha256", accessToken, "base64url") };
  return {
    accessToken,
    // A proof is accepted once, so each attempt has its own.
    headers: () => {
      const times = { jti: randomUUID(), iat: Math.floor(now() / 1000) };
      const own = nonce.current === undefined ? {} : { nonce: nonce.current };
      const proof = signed(`${protectedHeader}.${encode({ ...claims, ...times, ...own })}`, key);
      return ["authorization", `DPoP ${accessToken}`, "dpop", proof];
    },
    seeNonce: (sent) => {
      if (sent !== undefined && sent.length <= maxNonceLength) nonce.current = sent;
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** Signs text with ES256, whose signatures are not in the form of X.509. */
function signed(text: string, key: KeyObject): string {
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}
