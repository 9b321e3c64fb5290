/** `lutra/http`: the MCP endpoint as a fetch handler, for every Web-standard runtime. */
export type { Authenticate } from "./authenticate.ts";
export type { BearerToken } from "./bearer-tokens.ts";
export { bearerTokens, readBearerToken } from "./bearer-tokens.ts";
export type { FetchHandler } from "./fetch-handler.ts";
export { createFetchHandler } from "./fetch-handler.ts";
export type { HttpHandlerOptions, ReadHeader } from "./rules.ts";
