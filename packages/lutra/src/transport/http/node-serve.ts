import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type RequestListener,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { Serve } from "../../protocol/exchange.ts";
import { createNodeHandler } from "./node-handler.ts";
import type { HttpHandlerOptions } from "./rules.ts";

/** The address to listen on, and the time that closing may take. */
export interface ListenOptions {
  /** 0 picks a free port. @default 3000 */
  readonly port?: number | undefined;
  /** @default "127.0.0.1" */
  readonly host?: string | undefined;
  /**
   * Maximum time that `close` waits for exchanges in flight, in milliseconds, or a function that
   * returns it when closing begins.
   *
   * @default 5000
   */
  readonly drainMs?: number | (() => number) | undefined;
}

export interface ServeHttpOptions extends HttpHandlerOptions, ListenOptions {
  /** The path of the MCP endpoint. @default "/mcp" */
  readonly path?: string;
}

/** A listening HTTP server. */
export interface HttpEndpoint {
  readonly url: string;
  readonly port: number;
  /** True when only clients on this machine can connect. */
  readonly isLocal: boolean;
  /**
   * Stops accepting connections, ends subscriptions with their result, waits for exchanges in
   * flight, and closes the remaining connections after `drainMs`.
   */
  readonly close: () => Promise<void>;
}

/**
 * Listens for HTTP on one address, by default on loopback only. Rejects when the port is in use.
 *
 * @spec basic/transports/streamable-http#security-endpoint
 */
export async function serveHttp(
  server: { readonly serve: Serve; readonly close?: () => Promise<void> },
  options: ServeHttpOptions = {},
): Promise<HttpEndpoint> {
  const { port, host, drainMs, path = "/mcp", ...rules } = options;
  if (!path.startsWith("/"))
    throw new TypeError(`path: expected a path that begins with "/", got "${path}"`);
  const handler = createNodeHandler(server, rules);
  const service = { handle: atPath(path, handler), close: server.close ?? (async () => {}) };
  const endpoint = await listenHttp(service, { port, host, drainMs });
  return { ...endpoint, url: endpoint.url + path };
}

/** A service over HTTP, independent of its protocol. */
export interface HttpService {
  readonly handle: RequestListener;
  /** Ends subscriptions; called once, after the last connection was accepted. */
  readonly close: () => Promise<void>;
}

/** Returns a listener that passes requests for `path` to `handle` and answers others with 404. */
export function atPath(path: string, handle: RequestListener): RequestListener {
  return (req, res) => {
    const { url = "" } = req;
    if (url === path || url.startsWith(`${path}?`)) return handle(req, res);
    res.writeHead(404, { "content-length": 0 }).end();
  };
}

/** Listens for HTTP on all paths. Rejects when the port is in use. */
export async function listenHttp(
  service: HttpService,
  options: ListenOptions = {},
): Promise<HttpEndpoint> {
  const { port = 3000, host = "127.0.0.1", drainMs = 5000 } = options;
  const http = createHttpServer(service.handle);
  await listen(http, port, host);
  const { port: actual, address } = http.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${actual}`,
    port: actual,
    isLocal: address === "::1" || address.startsWith("127."),
    close: () => drain(http, service.close, typeof drainMs === "function" ? drainMs() : drainMs),
  };
}

function listen(http: HttpServer, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    http.once("error", reject);
    http.listen(port, host, () => {
      http.off("error", reject);
      resolve();
    });
  });
}

async function drain(http: HttpServer, end: () => Promise<void>, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => http.close(() => resolve()));
  http.closeIdleConnections();
  await end();
  const cutOff = setTimeout(() => http.closeAllConnections(), drainMs);
  // A connection that becomes idle later would otherwise stay open for its next request.
  const idle = setInterval(() => http.closeIdleConnections(), 50);
  await closed;
  clearTimeout(cutOff);
  clearInterval(idle);
}
