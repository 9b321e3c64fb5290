/** `lutra/http/modern`: the fetch handler for the current revision only, without code for earlier ones. */
import { createFetchHandler as create, type FetchHandler } from "./fetch-handler.ts";
import type { LegacyServed } from "./legacy-hook.ts";
import type { HttpHandlerOptions } from "./rules.ts";

export type { Authenticate, AuthenticatedRequest } from "./authenticate.ts";
export type { BearerToken } from "./bearer-tokens.ts";
export { bearerTokens, readBearerToken } from "./bearer-tokens.ts";
export type { FetchHandler } from "./fetch-handler.ts";
export type { LegacyServed } from "./legacy-hook.ts";
export type { ProtectedResource } from "./protected-resource.ts";
export type { HttpHandlerOptions, ReadHeader } from "./rules.ts";

/**
 * Serves the MCP endpoint as a fetch handler for clients of the current revision. Use it where the
 * size of a bundle matters; `createFetchHandler` of `lutra/http` serves the earlier revisions, too.
 *
 * @throws {TypeError} for an invalid option
 */
export function createFetchHandler(
  server: LegacyServed,
  options: HttpHandlerOptions = {},
): FetchHandler {
  return create(server, options);
}
