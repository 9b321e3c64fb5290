/** The listener for operators: health, metrics and state. By default, only this machine can reach it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { listenHttp } from "lutra/internal";
import type { HttpEndpoint } from "lutra/node";
import type { Config } from "../config/schema.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";
import type { Metrics } from "./metrics.ts";

export interface AdminOptions {
  readonly config: Exclude<Config["admin"], false>;
  readonly metrics: Metrics;
  readonly upstreams: () => readonly UpstreamStatus[];
  /** Returns the configuration without secrets. */
  readonly shownConfig: () => unknown;
  /** Returns the reason why the gateway is not ready for requests, or `undefined` if it is. */
  readonly notReady: () => string | undefined;
}

interface Page {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
}

/**
 * Starts the listener.
 *
 * - `/healthz`: 200 while the process runs
 * - `/readyz`: 200 while requests can be served, otherwise 503 and the reason
 * - `/metrics`: metrics for Prometheus
 * - `/config`: the current configuration without secrets
 * - `/upstreams`: the state of the replicas, and the exchanges in flight
 */
export async function startAdmin(options: AdminOptions): Promise<HttpEndpoint> {
  const pages: { readonly [path: string]: () => Page | Promise<Page> } = {
    "/healthz": () => text("ok\n"),
    "/readyz": () => {
      const problem = options.notReady();
      return problem === undefined ? text("ready\n") : text(`not ready: ${problem}\n`, 503);
    },
    "/metrics": async () => ({
      type: options.metrics.contentType,
      body: await options.metrics.text(),
    }),
    "/config": () => json(options.shownConfig()),
    "/upstreams": () => json(options.upstreams()),
  };
  const index = `${Object.keys(pages).join("\n")}\n`;

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = (req.url ?? "").split("?", 1)[0] as string;
    if (!isLoopbackName(req.headers.host)) return send(res, text("Host: not allowed\n", 403));
    if (req.method !== "GET" && req.method !== "HEAD") {
      res.setHeader("allow", "GET, HEAD");
      return send(res, text("expected GET or HEAD\n", 405));
    }
    if (path === "/") return send(res, text(index));
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    try {
      send(res, page === undefined ? text(index, 404) : await page());
    } catch (error) {
      console.error("lutra: admin:", error);
      send(res, text("Internal error\n", 500));
    }
  }

  const { host, port } = options.config;
  /** Prevents DNS rebinding: a web page must not read this under a name that resolves to this machine. */
  const isLoopbackName = (name = "") =>
    !endpoint?.isLocal || /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(name);
  let endpoint: HttpEndpoint | undefined;
  endpoint = await listenHttp(
    { handle: (req, res) => void handle(req, res), close: async () => {} },
    { host, port, drainMs: 500 },
  );
  return endpoint;
}

function text(body: string, status = 200): Page {
  return { status, body };
}

function json(value: unknown): Page {
  return { type: "application/json", body: `${JSON.stringify(value, undefined, 2)}\n` };
}

function send(res: ServerResponse, { status = 200, type = "text/plain", body }: Page): void {
  const length = Buffer.byteLength(body);
  res.writeHead(status, {
    "content-type": `${type.includes("charset") ? type : `${type}; charset=utf-8`}`,
    "content-length": length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  res.end(res.req.method === "HEAD" ? undefined : body);
}
