/** `lutra/auth` for Node: the exports of `index.ts`, with a guarded fetch that checks addresses. */
import { hash as digest } from "node:crypto";
import { guardedFetch } from "./fetch/node.ts";
import { type Protect, protectOn } from "./resource-server/protect.ts";

/**
 * Creates an `authenticate` that accepts the access tokens of an authorization server. Pass it to
 * `serveHttp`, `createNodeHandler` or `createFetchHandler`, which then also serve the metadata that tell
 * clients where to sign in.
 *
 * @throws {TypeError} for an invalid option
 * @spec basic/authorization/index#token-handling
 * @example
 * ```ts
 * const authenticate = protect({
 *   issuer: "https://login.example.com",
 *   resource: "https://library.example.com/mcp",
 * });
 * await serveHttp(server, { authenticate });
 * ```
 */
export const protect: Protect = protectOn({ guardedFetch, hash });

function hash(text: string): string {
  return digest("sha256", text, "base64url");
}

// For users.

export type { GuardedFetch } from "./fetch/guarded-fetch.ts";
export type { GuardedFetchOptions } from "./fetch/options.ts";
export { allowLoopback } from "./fetch/options.ts";
export type { Authority } from "./resource-server/authority.ts";
export type { TokenClaims } from "./resource-server/claims.ts";
export type { IntrospectionOptions } from "./resource-server/introspection.ts";
export { introspectedTokens } from "./resource-server/introspection.ts";
export type { JWTOptions } from "./resource-server/jwt.ts";
export { jwtTokens } from "./resource-server/jwt.ts";
export type { DPoPOptions, ProtectOptions } from "./resource-server/options.ts";
export type { Protect } from "./resource-server/protect.ts";
export type { VerifyToken } from "./resource-server/verify-token.ts";
export { guardedFetch };
