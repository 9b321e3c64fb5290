/** `lutra/http`: the MCP endpoint as a fetch handler, for every Web-standard runtime. */
export type { FetchHandler } from "./fetch-handler.ts";
export { createFetchHandler } from "./fetch-handler.ts";
export type { HttpHandlerOptions, ReadHeader } from "./rules.ts";
