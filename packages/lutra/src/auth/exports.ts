/** The exports of `lutra/auth` that are the same on all platforms. */

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
