/** `lutra/node`: servers and transports that need Node. */
export type { Authenticate } from "./http/authenticate.ts";
export type { BearerToken } from "./http/bearer-tokens.ts";
export { bearerTokens, readBearerToken } from "./http/bearer-tokens.ts";
export type { NodeHandler } from "./http/node-handler.ts";
export { createNodeHandler } from "./http/node-handler.ts";
export type { HttpEndpoint, ListenOptions, ServeHttpOptions } from "./http/node-serve.ts";
export { atPath, serveHttp } from "./http/node-serve.ts";
export type { HttpHandlerOptions, ReadHeader } from "./http/rules.ts";
export type { StdioTransport } from "./stdio/client.ts";
export { createStdioTransport } from "./stdio/client.ts";
export type { StdioServer, StdioServerOptions, StdioTransportOptions } from "./stdio/options.ts";
export type { RestartOptions } from "./stdio/restarts.ts";
export type { StdioServerHandle } from "./stdio/server.ts";
export { serveStdio } from "./stdio/server.ts";
export type { StdioCommand } from "./stdio/spawn-command.ts";
