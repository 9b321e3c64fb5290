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

export * from "./exports.ts";
export { guardedFetch };
