/**
 * Tokens that are bound to a key of the client (DPoP, RFC 9449): the proof that a request was made by
 * the holder of the key.
 *
 * @spec basic/authorization/security-considerations#token-theft
 */

import { base64url, calculateJwkThumbprint, EmbeddedJWK, type JWTPayload, jwtVerify } from "jose";
import { unauthorized } from "../../protocol/authorization.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { parseURL } from "../../protocol/parse-url.ts";
import type { ReplayGuard } from "../../stores/replay-guard.ts";
import type { DPoPNonces } from "./dpop-nonces.ts";
import { quotable } from "./refused-token.ts";

/** The time in which a proof is accepted, before and after the time of the server, in milliseconds. */
const proofWindowMs = 300_000;
/** Maximum length of a proof, in characters. */
const maxProofLength = 8192;
/** Maximum length of the id of a proof, in characters. */
const maxIdLength = 1024;

export interface ProofRules {
  readonly algorithms: readonly string[];
  /** The URL to which clients send requests. */
  readonly url: string;
  readonly nonces: DPoPNonces | undefined;
  readonly replayGuard: ReplayGuard;
  readonly now: () => number;
}

/** A request with a token that is bound to a key. */
export interface BoundRequest {
  /** The header `DPoP`. */
  readonly proof: string | undefined;
  readonly method: string;
  readonly token: string;
  /** The thumbprint of the key. */
  readonly boundTo: string;
  /** The caller, for the limits of the replay guard. */
  readonly caller: string;
}

/**
 * Checks the proof of a request.
 *
 * @throws {ProtocolError} with the status 401, and with a nonce where the proof needs one; with 503 while
 *   the replay guard is full
 */
export async function requireProof(request: BoundRequest, rules: ProofRules): Promise<void> {
  const { proof, boundTo, caller } = request;
  if (proof === undefined || proof.length > maxProofLength) {
    throw invalidProof(
      `expected the header DPoP with a proof of at most ${maxProofLength} characters`,
    );
  }
  const { payload, thumbprint } = await readProof(proof, rules);
  if (thumbprint !== boundTo) throw invalidProof("expected the key to which the token is bound");
  await requireRequest(payload, request, rules);
  const { nonces, now } = rules;
  if (nonces !== undefined && !(await nonces.accepts(payload.nonce))) {
    throw await nonceRequired(nonces);
  }
  const { jti = "", iat = 0 } = payload;
  const leftMs = iat * 1000 + proofWindowMs - now();
  // Hashed, because the client chooses the length, and two keys may use the same id.
  const id = `dpop ${await hashOf(`${thumbprint} ${jti}`)}`;
  const isFirst = await rules.replayGuard.claim(id, Math.max(1, leftMs), caller);
  if (isFirst) return;
  const fullForMs = rules.replayGuard.fullForMs?.(caller);
  throw fullForMs === undefined
    ? invalidProof("expected a proof that was not used before")
    : tooManyProofs(fullForMs);
}

async function readProof(
  proof: string,
  { algorithms, now }: ProofRules,
): Promise<{ readonly payload: JWTPayload; readonly thumbprint: string }> {
  try {
    // The key in the header must be a public one, which `EmbeddedJWK` checks.
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      algorithms: [...algorithms],
      typ: "dpop+jwt",
      currentDate: new Date(now()),
      clockTolerance: proofWindowMs / 1000,
    });
    const { jwk = {} } = protectedHeader;
    return { payload, thumbprint: await calculateJwkThumbprint(jwk, "sha256") };
  } catch {
    throw invalidProof("expected a JSON Web Token of the type dpop+jwt with a valid signature");
  }
}

/** Checks that a proof was made for this request, and recently. */
async function requireRequest(
  { htm, htu, iat, jti, ath }: JWTPayload,
  { method, token }: BoundRequest,
  { url, now }: ProofRules,
): Promise<void> {
  if (htm !== method) throw invalidProof(`expected htm to be ${method}`);
  if (!isSameURL(htu, url)) throw invalidProof(`expected htu to be ${url}`);
  if (typeof iat !== "number" || Math.abs(iat * 1000 - now()) > proofWindowMs) {
    throw invalidProof("expected iat to be within 5 minutes of the time of the server");
  }
  if (typeof jti !== "string" || jti === "" || jti.length > maxIdLength) {
    throw invalidProof(`expected jti with 1 to ${maxIdLength} characters`);
  }
  if (ath !== (await hashOf(token))) throw invalidProof("expected ath to be the hash of the token");
}

/** Compares two URLs after their normalisation, without query and fragment. */
function isSameURL(sent: unknown, url: string): boolean {
  const [one, other] = [parseURL(sent), new URL(url)];
  return one?.origin === other.origin && one.pathname === other.pathname;
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return base64url.encode(new Uint8Array(digest));
}

/** Returns the refusal of a proof. */
function invalidProof(reason: string): ProtocolError {
  return unauthorized({
    challenge: `DPoP error="invalid_dpop_proof", error_description="${quotable(reason)}"`,
    message: `DPoP: ${reason}`,
  });
}

/**
 * Returns the refusal of a proof that cannot be remembered. The proof is not accepted, since it could be
 * replayed, and no other proof is forgotten for it. The client is not asked for other credentials.
 */
function tooManyProofs(retryAfterMs: number): ProtocolError {
  const message = "DPoP: too many proofs are remembered; try again later";
  return new ProtocolError("internalError", message, { status: 503, retryAfterMs });
}

/** Returns the refusal of a proof without a current nonce. The client repeats the request with it. */
async function nonceRequired(nonces: DPoPNonces): Promise<ProtocolError> {
  return unauthorized({
    challenge: 'DPoP error="use_dpop_nonce", error_description="expected the nonce of the server"',
    message: "DPoP: expected the nonce of the server",
    headers: { "dpop-nonce": await nonces.current() },
  });
}
