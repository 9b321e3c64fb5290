import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Serve } from "../../protocol/exchange.ts";
import { createNodeHandler } from "./node-handler.ts";
import type { HttpHandlerOptions } from "./rules.ts";

export interface ServeHttpOptions extends HttpHandlerOptions {
  /** 0 picks a free port. @default 3000 */
  readonly port?: number;
  /** @default "127.0.0.1" */
  readonly host?: string;
  /** Where the MCP endpoint is. @default "/mcp" */
  readonly path?: string;
  /** How long `close` waits for exchanges in flight, in milliseconds. @default 5000 */
  readonly drainMs?: number;
}

/** A listening HTTP server. */
export interface HttpEndpoint {
  readonly url: string;
  readonly port: number;
  /**
   * Stops accepting, ends subscriptions gracefully, lets exchanges in flight finish, and cuts off
   * what is left after `drainMs`.
   */
  readonly close: () => Promise<void>;
}

/**
 * Listens for HTTP on one address, by default on loopback only. Rejects when the port is taken.
 *
 * @spec basic/transports/streamable-http#security-endpoint
 */
export async function serveHttp(
  server: { readonly serve: Serve; readonly close?: () => Promise<void> },
  options: ServeHttpOptions = {},
): Promise<HttpEndpoint> {
  const { port = 3000, host = "127.0.0.1", path = "/mcp", drainMs = 5000, ...rules } = options;
  if (!path.startsWith("/"))
    throw new TypeError(`path: expected one that begins with /, not ${path}`);
  const handler = createNodeHandler(server, rules);
  const http = createHttpServer((req, res) => {
    const { url = "" } = req;
    if (url === path || url.startsWith(`${path}?`)) void handler(req, res);
    else res.writeHead(404, { "content-length": 0 }).end();
  });
  await listen(http, port, host);
  const { port: actual } = http.address() as AddressInfo;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${actual}${path}`,
    port: actual,
    close: () => drain(http, server.close ?? (async () => {}), drainMs),
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
  // A connection that was busy until now stays open for its next request unless it is told.
  const idle = setInterval(() => http.closeIdleConnections(), 50);
  await closed;
  clearTimeout(cutOff);
  clearInterval(idle);
}
