/** `lutra/auth`: servers that accept the access tokens of an authorization server. */
import { guardedFetch } from "./fetch/edge.ts";
import { type Protect, protectOn } from "./resource-server/protect.ts";

/**
 * Creates an `authenticate` that accepts the access tokens of an authorization server. Pass it to
 * `createFetchHandler`, `createNodeHandler` or `serveHttp`, which then also serve the metadata that tell
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
 * export default { fetch: createFetchHandler(server, { authenticate }) };
 * ```
 */
export const protect: Protect = protectOn({ guardedFetch, hash });

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return String.fromCharCode(...new Uint8Array(digest));
}

export * from "./exports.ts";
export { guardedFetch };
