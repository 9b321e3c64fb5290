/** `lutra/node`: servers and transports that need Node. */
export type { HttpSender } from "./http/client-undici.ts";
export { createHttpSender } from "./http/client-undici.ts";
export { endEarly } from "./http/node-end-early.ts";
export type { NodeHandler, NodeHandlerOverride } from "./http/node-handler.ts";
export { createNodeHandler, sentTimes, severalHosts } from "./http/node-handler.ts";
export type {
  HttpEndpoint,
  HttpService,
  ListenOptions,
  ServeHttpOptions,
} from "./http/node-serve.ts";
export { atPath, listenHttp, serveHttp } from "./http/node-serve.ts";
export type {
  HttpHandlerOptions,
  HttpHead,
  HttpRules,
  ReadHeader,
  Refusal,
  Screening,
} from "./http/rules.ts";
export { screen, withDefaults as httpRules } from "./http/rules.ts";
export type { StdioCommand } from "./stdio/child.ts";
export type { StdioTransport, StdioTransportOptions } from "./stdio/client.ts";
export { createStdioTransport } from "./stdio/client.ts";
export type { RestartOptions } from "./stdio/restarts.ts";
export type { StdioServer, StdioServerHandle, StdioServerOptions } from "./stdio/server.ts";
export { serveStdio } from "./stdio/server.ts";
