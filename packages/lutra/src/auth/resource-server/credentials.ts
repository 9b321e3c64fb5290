/**
 * The access token of a request.
 *
 * @spec basic/authorization/index#token-requirements
 */
import { ProtocolError } from "../../protocol/errors.ts";
import type { ReadHeader } from "../../transport/http/rules.ts";

/** The schemes of `Authorization` that carry an access token. */
type TokenScheme = "Bearer" | "DPoP";

/** An access token, as it was sent. */
export interface Credentials {
  readonly scheme: TokenScheme;
  readonly token: string;
}

/** Maximum length of an access token, in characters. */
const maxTokenLength = 16_384;

/**
 * Reads the access token from `Authorization`. A token elsewhere, such as in the query of the URL, is
 * ignored. Returns undefined for a request without credentials of these schemes. The characters of a
 * bearer token are not checked, since that costs as much as finding a known token: see `requireForm`.
 *
 * @throws {ProtocolError} with the status 400 for credentials of these schemes without a valid token
 */
export function readCredentials(header: ReadHeader): Credentials | undefined {
  const sent = header("authorization");
  // Further spaces are allowed, but rare.
  if (sent?.startsWith(usualStart) && sent[usualStart.length] !== " ") {
    const token = sent.slice(usualStart.length);
    if (token.length <= maxTokenLength) return { scheme: "Bearer", token };
  }
  const [, name = "", rest = ""] = /^(Bearer|DPoP)(?: +(.*))?$/i.exec(sent?.trim() ?? "") ?? [];
  if (name === "") return undefined;
  const scheme = name.toLowerCase() === "dpop" ? "DPoP" : "Bearer";
  requireForm({ scheme, token: rest });
  return { scheme, token: rest };
}

/** The beginning of the value as most clients send it. */
const usualStart = "Bearer ";

/**
 * Checks the length and the characters of a token.
 *
 * @throws {ProtocolError} with the status 400
 */
export function requireForm({ scheme, token }: Credentials): void {
  if (token.length <= maxTokenLength && /^[A-Za-z0-9._~+/-]+=*$/.test(token)) return;
  const message = `Authorization: expected ${scheme}, a space and an access token of at most ${maxTokenLength} characters`;
  const challenge = `${scheme} error="invalid_request"`;
  throw new ProtocolError("invalidRequest", message, { status: 400, challenge });
}

/** Returns true for a request with a token that should be bound to a key. */
export function usesDPoP(header: ReadHeader | undefined): boolean {
  return /^DPoP\b/i.test(header?.("authorization")?.trim() ?? "");
}
