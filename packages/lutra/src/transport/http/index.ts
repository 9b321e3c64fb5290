/** `lutra/http`: the MCP endpoint as a fetch handler, for every Web-standard runtime. */
import { requireObject } from "../../protocol/known-members.ts";
import { createFetchHandler as create, type FetchHandler } from "./fetch-handler.ts";
import { fetchLegacyHook } from "./fetch-legacy.ts";
import { type LegacyServed, legacySupport, type VersionOptions } from "./legacy-hook.ts";
import type { HttpHandlerOptions } from "./rules.ts";

export type { Authenticate, AuthenticatedRequest } from "./authenticate.ts";
export type { BearerToken } from "./bearer-tokens.ts";
export { bearerTokens, readBearerToken } from "./bearer-tokens.ts";
export type { FetchHandler } from "./fetch-handler.ts";
export type { LegacyServed, VersionOptions } from "./legacy-hook.ts";
export type { ProtectedResource } from "./protected-resource.ts";
export type { HttpHandlerOptions, ReadHeader } from "./rules.ts";

const load = () => import("../../legacy/index.ts");

/**
 * Serves the MCP endpoint as a fetch handler, for Bun, Deno, Workers and frameworks. Set
 * `allowedHosts` where the platform does not route on `Host`. Clients of the earlier revisions are
 * served, too; `lutra/http/modern` exports a smaller handler for the current revision only.
 *
 * @throws {TypeError} for an invalid option
 * @example
 * ```ts
 * export default { fetch: createFetchHandler(server) };
 * ```
 */
export function createFetchHandler(
  server: LegacyServed,
  options: HttpHandlerOptions & VersionOptions = {},
): FetchHandler {
  requireObject("createFetchHandler", options);
  const { versions, httpSse, ...others } = options;
  return create(server, others, fetchLegacyHook(legacySupport({ versions, httpSse }, load)));
}
