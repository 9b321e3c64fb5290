/**
 * The principal that a gateway has verified, on its way to the replicas that the gateway started. It
 * is authenticated with a key that only they share, so that no other sender can forge it.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { isPrincipal, unauthorized } from "../../protocol/authorization.ts";
import type { Principal } from "../../protocol/exchange.ts";
import type { Authenticate } from "./authenticate.ts";

/** The header that carries the principal. A gateway drops it from the requests of its clients. */
export const principalHeader = "x-lutra-principal";

/** Maximum size of an encoded principal, in characters. */
export const maxPrincipalLength = 32_768;

/** Creates a key for one gateway and its replicas, as text for the channel between them. */
export function createPrincipalKey(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * Creates the function that encodes principals. It caches the encoded value of each principal
 * object, because static tokens return the same object for each request.
 *
 * @throws {TypeError} from the function, for a principal that is too large or that JSON cannot carry
 */
export function createPrincipalEncoder(key: string): (principal: Principal) => string {
  const known = new WeakMap<Principal, string>();
  return (principal) => {
    const before = known.get(principal);
    if (before !== undefined) return before;
    const { id, scopes, claims, expiresAtMs } = principal;
    const json = JSON.stringify({ id, scopes, claims, expiresAtMs });
    const text = Buffer.from(json).toString("base64url");
    const encoded = `${text}.${signatureOf(text, key).toString("base64url")}`;
    if (encoded.length > maxPrincipalLength) {
      throw new TypeError(`principal: expected at most ${maxPrincipalLength} characters as Base64`);
    }
    known.set(principal, encoded);
    return encoded;
  };
}

/**
 * Creates an `authenticate` for the replicas of a gateway: returns the principal that the gateway
 * passed, or undefined for a caller without one.
 */
export function passedPrincipal(key: string): Authenticate {
  return (header) => {
    const sent = header(principalHeader);
    if (sent === undefined) return undefined;
    const dot = sent.indexOf(".");
    const text = sent.slice(0, Math.max(dot, 0));
    const signature = Buffer.from(sent.slice(dot + 1), "base64url");
    const expected = signatureOf(text, key);
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw unauthorized({ message: `${principalHeader}: not signed by the gateway` });
    }
    const principal: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (!isPrincipal(principal)) throw unauthorized();
    return principal;
  };
}

function signatureOf(text: string, key: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
