/** `lutra/node`: servers and transports that need Node. */
import { requireObject } from "../protocol/known-members.ts";
import { type LegacyServed, legacySupport, type VersionOptions } from "./http/legacy-hook.ts";
import { createNodeHandler as createHandler, type NodeHandler } from "./http/node-handler.ts";
import { type HttpEndpoint, type ServeHttpOptions, serveHttp as serve } from "./http/node-serve.ts";
import type { HttpHandlerOptions } from "./http/rules.ts";
import { createStdioTransport as createTransport, type StdioTransport } from "./stdio/client.ts";
import type { StdioServer, StdioServerOptions, StdioTransportOptions } from "./stdio/options.ts";
import { type StdioServerHandle, serveStdio as serveLines } from "./stdio/server.ts";
import type { StdioCommand } from "./stdio/spawn-command.ts";

export { createFileVerdicts } from "../legacy/client/file-verdicts.ts";
export type { EraOptions, EraVerdict, EraVerdicts, ServerEra } from "./era.ts";
export type { Authenticate, AuthenticatedRequest } from "./http/authenticate.ts";
export type { BearerToken } from "./http/bearer-tokens.ts";
export { bearerTokens, readBearerToken } from "./http/bearer-tokens.ts";
export type { LegacyServed, VersionOptions } from "./http/legacy-hook.ts";
export type { NodeRequest } from "./http/node-body.ts";
export type { NodeHandler } from "./http/node-handler.ts";
export type { HttpEndpoint, ListenOptions, ServeHttpOptions } from "./http/node-serve.ts";
export { atPath } from "./http/node-serve.ts";
export type { ProtectedResource } from "./http/protected-resource.ts";
export type { HttpHandlerOptions, ReadHeader } from "./http/rules.ts";
export type { StdioTransport } from "./stdio/client.ts";
export type { StdioServer, StdioServerOptions, StdioTransportOptions } from "./stdio/options.ts";
export type { RestartOptions } from "./stdio/restarts.ts";
export type { StdioServerHandle } from "./stdio/server.ts";
export type { StdioCommand } from "./stdio/spawn-command.ts";

const loadLegacy = () => import("../legacy/index.ts");

/**
 * Serves the MCP endpoint from `node:http`, or from a framework that is built on it. Mount it on the
 * path of your choice. A body that a parser has left in `req.body` is used as it is. Clients of the
 * earlier revisions are served, too, unless `versions` leaves them out.
 *
 * @throws {TypeError} for an invalid option
 * @example
 * ```ts
 * http.createServer(createNodeHandler(server)).listen(3000, "127.0.0.1");
 * ```
 */
export function createNodeHandler(
  server: LegacyServed,
  options: HttpHandlerOptions & VersionOptions = {},
): NodeHandler {
  requireObject("createNodeHandler", options);
  const { versions, httpSse, ...others } = options;
  return createHandler(server, others, legacySupport({ versions, httpSse }, loadLegacy));
}

/**
 * Listens for HTTP on one address, by default on loopback only. Rejects when the port is in use.
 * Clients of the earlier revisions are served, too, unless `versions` leaves them out.
 *
 * @throws {TypeError} for an unknown or invalid option
 * @spec basic/transports/streamable-http#security-endpoint
 */
export async function serveHttp(
  server: LegacyServed & { readonly close?: () => Promise<void> },
  options: ServeHttpOptions & VersionOptions = {},
): Promise<HttpEndpoint> {
  requireObject("serveHttp", options);
  const { versions, httpSse, ...others } = options;
  return serve(server, others, legacySupport({ versions, httpSse }, loadLegacy));
}

/**
 * Serves one client over standard input and output, until the input ends. A program that awaits
 * `closed` and has nothing else to do exits then. A client of an earlier revision, which begins with
 * `initialize`, is served, too, unless `versions` leaves it out.
 *
 * @throws {TypeError} for an invalid option
 * @spec basic/transports/stdio, basic/transports/stdio#shutdown
 * @example
 * ```ts
 * await serveStdio(server).closed;
 * ```
 */
export function serveStdio(
  server: StdioServer,
  options: StdioServerOptions = {},
): StdioServerHandle {
  return serveLines(server, options, loadLegacy);
}

/**
 * Creates a transport to a server over its standard input and output. The process starts with the
 * first request and is shared by all requests. While none is in flight, it does not keep this
 * process from exiting. A server of an earlier revision gets a session, unless `era` is `modern`.
 *
 * When the server exits, the requests in flight, subscriptions included, reject with a
 * `TransportError` of the reason `closed`. The next request restarts the server.
 *
 * @throws {TypeError} for an invalid option
 * @spec basic/transports/stdio#shutdown, basic/transports/stdio#unexpected-termination
 * @example
 * ```ts
 * const transport = createStdioTransport({ command: "node", args: ["server.js"] });
 * ```
 */
export function createStdioTransport(
  command: StdioCommand,
  options: StdioTransportOptions = {},
): StdioTransport {
  return createTransport(command, options, () => import("../legacy/client/node.ts"));
}
