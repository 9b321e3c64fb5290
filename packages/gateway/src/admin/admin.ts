/** The listener for operators: health, metrics and state. By default, only this machine can reach it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  listenHttp,
  type OwnEndpoint,
  sendPage,
  type TlsSettings,
  wantsPage,
} from "lutra/internal";
import type { Config } from "../config/schema.ts";
import type { EraReport } from "../eras/era-report.ts";
import { maxDays } from "../eras/era-table.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";
import { type AboutGateway, renderAdminPage } from "./admin-page.ts";
import type { Metrics } from "./metrics.ts";
import { isAvailable, type Readiness } from "./readiness.ts";

export interface AdminOptions {
  readonly config: Exclude<Config["admin"], false>;
  /** The certificate. @default no TLS */
  readonly tls?: TlsSettings | undefined;
  readonly metrics: Pick<Metrics, "contentType" | "text">;
  /** Returns the description of the gateway for the page at `/`, or undefined for no page. */
  readonly about: () => AboutGateway | undefined;
  readonly upstreams: () => readonly UpstreamStatus[];
  /** Returns the era report, whose verdicts look back for a number of days. */
  readonly eras: (days: number) => EraReport | Promise<EraReport>;
  /** Returns the configuration without secrets. */
  readonly shownConfig: () => unknown;
  readonly readiness: () => Readiness;
  /** Called before each request, for a state that other processes have. */
  readonly refresh?: (() => Promise<void>) | undefined;
  /** Answers a request for the console. Returns false for another path. */
  readonly console?: ((req: IncomingMessage, res: ServerResponse) => boolean) | undefined;
}

interface Page {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
}

/** A path of the listener. */
interface PagePath {
  readonly description: string;
  readonly read: (query: URLSearchParams) => Page | Promise<Page>;
}

/**
 * Starts the listener. `/` lists the paths; for browsers, it is a page with links and a table of the
 * upstreams.
 */
export async function startAdmin(options: AdminOptions): Promise<OwnEndpoint> {
  const pages = pagesOf(options);
  const index = `${[...pages.keys()].join("\n")}\n`;

  function sendIndex(req: IncomingMessage, res: ServerResponse): void {
    const about = wantsPage(req.headers.accept) ? options.about() : undefined;
    if (about === undefined) return void send(res, text(index));
    const paths = [...pages].map(([path, { description }]) => [path, description] as const);
    const upstreams = options.upstreams();
    sendPage(res, renderAdminPage({ ...about, paths, upstreams, readiness: options.readiness() }));
  }

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const [path = "", query] = (req.url ?? "").split("?", 2);
    if (!isLoopbackName(req.headers.host)) return send(res, text("Host: not allowed\n", 403));
    await options.refresh?.();
    if (options.console?.(req, res)) return;
    if (req.method !== "GET" && req.method !== "HEAD") {
      res.setHeader("allow", "GET, HEAD");
      return send(res, text("expected GET or HEAD\n", 405));
    }
    try {
      if (path === "/") return sendIndex(req, res);
      const page = pages.get(path) ?? upstreamPage(path, options);
      send(
        res,
        page === undefined ? text(index, 404) : await page.read(new URLSearchParams(query)),
      );
    } catch (error) {
      console.error("lutra: admin:", error);
      send(res, text("Internal error\n", 500));
    }
  }

  const { host, port } = options.config;
  /** Prevents DNS rebinding: a web page must not read this under a name that resolves to this machine. */
  const isLoopbackName = (name = "") =>
    !endpoint?.isLocal || /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(name);
  let endpoint: OwnEndpoint | undefined;
  endpoint = await listenHttp(
    { handle: (req, res) => void handle(req, res), close: async () => {} },
    { host, port, tls: options.tls, drainMs: 500 },
  );
  return endpoint;
}

/** Returns the paths of the listener, in the order in which `/` lists them. */
function pagesOf(options: AdminOptions): ReadonlyMap<string, PagePath> {
  const { metrics } = options;
  return new Map<string, PagePath>([
    ["/healthz", { description: "200 while the process runs", read: () => text("ok\n") }],
    [
      "/readyz",
      {
        description:
          "200 while any route can be served, with the upstreams that can't; otherwise 503 and the reason. /readyz/<upstream> reports one upstream",
        read: () => {
          const { isReady, problem } = options.readiness();
          if (!isReady) return text(`not ready: ${problem}\n`, 503);
          return text(problem === undefined ? "ready\n" : `ready\n${problem}\n`);
        },
      },
    ],
    [
      "/metrics",
      {
        description: "Metrics for Prometheus: requests, durations, retries, replicas and the cache",
        read: async () => ({ type: metrics.contentType, body: await metrics.text() }),
      },
    ],
    [
      "/config",
      {
        description: "The current configuration without its secrets, as JSON",
        read: () => json(options.shownConfig()),
      },
    ],
    [
      "/upstreams",
      {
        description: "The state of the replicas and the exchanges in flight, as JSON",
        read: () => json(options.upstreams()),
      },
    ],
    [
      "/eras",
      {
        description:
          "The clients by protocol version, the deprecated features that they use, and what can be switched off, as JSON. ?days=7 sets the number of days that the verdicts look back",
        read: async (query) => {
          const days = daysIn(query);
          if (days === undefined) return text(`days: expected 1 to ${maxDays}\n`, 400);
          return json(await options.eras(days));
        },
      },
    ],
  ]);
}

/** Number of days that verdicts look back by default. */
const defaultDays = 7;

function daysIn(query: URLSearchParams): number | undefined {
  const days = Number(query.get("days") ?? defaultDays);
  return Number.isInteger(days) && days >= 1 && days <= maxDays ? days : undefined;
}

const upstreamPrefix = "/readyz/";

/** Returns the readiness of one upstream, or undefined for another path or an unknown upstream. */
function upstreamPage(
  path: string,
  { upstreams }: AdminOptions,
): Pick<PagePath, "read"> | undefined {
  if (!path.startsWith(upstreamPrefix)) return undefined;
  const found = upstreams().find(({ name }) => name === path.slice(upstreamPrefix.length));
  if (found === undefined) return undefined;
  return {
    read: () =>
      isAvailable(found)
        ? text("ready\n")
        : text(`not ready: no replica answers at ${found.name}\n`, 503),
  };
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
