/** `lutra/node`: servers on Node, over HTTP and stdio. */
export type { NodeHandler } from "./http/node-handler.ts";
export { createNodeHandler } from "./http/node-handler.ts";
export type { HttpEndpoint, ServeHttpOptions } from "./http/node-serve.ts";
export { serveHttp } from "./http/node-serve.ts";
export type { HttpHandlerOptions, ReadHeader } from "./http/rules.ts";
