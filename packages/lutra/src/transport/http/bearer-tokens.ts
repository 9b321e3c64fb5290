/**
 * Static bearer tokens: who sends which token is known in advance.
 *
 * @spec basic/authorization/index#token-requirements
 */
import { unauthorized } from "../../protocol/authorization.ts";
import type { Principal } from "../../protocol/exchange.ts";
import { requireArray, requireKnownMembers } from "../../protocol/known-members.ts";
import type { Authenticate } from "./authenticate.ts";

/** A token and the caller that it identifies. */
export interface BearerToken {
  /** The `id` of the caller's principal. Several tokens may have the same, for example to rotate. */
  readonly id: string;
  /** 16 or more letters, digits and `-._~+/`. Create one with: openssl rand -base64 32 */
  readonly token: string;
  /** The scopes of the principal. @default none */
  readonly scopes?: readonly string[] | undefined;
}

/** The characters and the minimum length of a static token. */
export const bearerTokenForm = "16 or more letters, digits and -._~+/";
export const bearerTokenPattern: RegExp = /^[A-Za-z0-9._~+/-]{16,}=*$/;

const invalid = 'Bearer error="invalid_token"';

/**
 * Creates an `authenticate` that accepts these tokens. Every token is compared, in a time that does
 * not depend on its characters. A caller with another token is refused, also with `anonymous`.
 *
 * @throws {TypeError} for an empty list, a token that is too short or listed twice, an empty id, scopes
 *   that are not a list, and an unknown member
 * @example
 * ```ts
 * const authenticate = bearerTokens([{ id: "ana", token: process.env.ANA_TOKEN ?? "" }]);
 * await serveHttp(server, { authenticate });
 * ```
 */
export function bearerTokens(tokens: readonly BearerToken[]): Authenticate {
  requireArray("bearerTokens: tokens", tokens);
  const known = tokens.map((entry, index) => {
    requireKnownMembers(entry, ["id", "token", "scopes"], `bearerTokens: tokens[${index}]`);
    const { id, token, scopes } = entry;
    if (scopes !== undefined && !isListOfText(scopes)) {
      throw new TypeError(`tokens[${index}].scopes: expected a list of strings`);
    }
    if (!bearerTokenPattern.test(token)) {
      const found = token === "" ? ", got none; is its environment variable set?" : "";
      throw new TypeError(`tokens[${index}].token: expected ${bearerTokenForm}${found}`);
    }
    if (id === "") throw new TypeError(`tokens[${index}].id: expected at least one character`);
    const principal: Principal = { id, ...(scopes && { scopes: Object.freeze([...scopes]) }) };
    return { token, principal: Object.freeze(principal) };
  });
  if (known.length === 0) throw new TypeError("tokens: expected at least one token");
  const isRepeated = new Set(known.map(({ token }) => token)).size < known.length;
  if (isRepeated) throw new TypeError("tokens: expected different tokens");

  return (header) => {
    if (header("authorization") === undefined) return undefined;
    const sent = readBearerToken(header) ?? "";
    let caller: Principal | undefined;
    for (const { token, principal } of known) {
      if (isEqual(sent, token)) caller = principal;
    }
    if (caller === undefined) throw unauthorized({ challenge: invalid });
    return caller;
  };
}

function isListOfText(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

/**
 * Returns the bearer token of a request, for an `authenticate` of your own, or undefined for a
 * request without one.
 */
export function readBearerToken(header: (name: string) => string | undefined): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(header("authorization") ?? "")?.[1];
}

/**
 * Parses a list of tokens: on each line an id, a token and its scopes, separated by spaces. Empty
 * lines and lines that begin with `#` are ignored.
 *
 * @throws {TypeError} with the number of a malformed line; the message has no tokens
 */
export function parseBearerTokens(text: string): readonly BearerToken[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const [id = "", token, ...scopes] = line.trim().split(/\s+/);
    if (id === "" || id.startsWith("#")) return [];
    if (token !== undefined && bearerTokenPattern.test(token)) return [{ id, token, scopes }];
    throw new TypeError(
      `line ${index + 1}: expected an id, a token (${bearerTokenForm}) and scopes, separated by spaces`,
    );
  });
}

/** Compares all characters of `sent`, which its sender knows, so that the time shows nothing else. */
function isEqual(sent: string, token: string): boolean {
  let difference = sent.length ^ token.length;
  for (let index = 0; index < sent.length; index += 1) {
    difference |= sent.charCodeAt(index) ^ token.charCodeAt(index % token.length);
  }
  return difference === 0;
}
