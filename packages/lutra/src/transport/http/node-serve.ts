import type { Server as HttpServer, IncomingMessage, RequestListener } from "node:http";
import {
  requireFunctions,
  requireKnownMembers,
  requireServe,
} from "../../protocol/known-members.ts";
import { delay } from "../../time/backoff.ts";
import type { LegacyServed, LegacySupport } from "./legacy-hook.ts";
import { explainListenError, type ListenAddress } from "./listen-error.ts";
import {
  type ConnectionCount,
  defaultConnections,
  limitConnections,
} from "./node-connection-limit.ts";
import { HttpConnections } from "./node-connections.ts";
import { type ConnectionFeed, feedConnections } from "./node-feed.ts";
import { createNodeHandler } from "./node-handler.ts";
import type { Http2Connections, Http2Options } from "./node-http2.ts";
import {
  createWebServer,
  type ListenPlace,
  listenAt,
  namePeers,
  placeOf,
  renewTls,
  type TlsSettings,
} from "./node-listener.ts";
import { type MalformedRequest, watchMalformed, withinHeaders } from "./node-malformed.ts";
import { createVisit, withPage } from "./node-page.ts";
import { type ProxyHeaderOptions, requireProxyHeader } from "./node-proxy-header.ts";
import { closeSlowReaders } from "./node-readers.ts";
import { targetOf } from "./node-screening.ts";
import { type HttpHandlerOptions, handlerOptionNames, withDefaults } from "./rules.ts";

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
  /**
   * Maximum number of open connections. Further ones are answered with 503 and closed.
   *
   * @default half of the file descriptors of the process where known, at most 20000
   */
  readonly maxConnections?: number | undefined;
  /**
   * Time for which `close` still accepts connections, in milliseconds, or a function that returns it
   * when closing begins. Until then, a load balancer can notice that the server is closing. Every
   * response already has `Connection: close`.
   *
   * @default 0
   */
  readonly lameDuckMs?: number | (() => number) | undefined;
  /** Called if `close` takes longer than half a second, with the number of requests in flight. */
  readonly onDrain?: ((requests: number) => void) | undefined;
}

export interface ServeHttpOptions extends HttpHandlerOptions, ListenOptions {
  /** The path of the MCP endpoint. @default "/mcp" */
  readonly path?: string;
  /**
   * True to answer `GET /`, and browsers that open the endpoint, with a page for people: the name of
   * the server, its tools, resources and prompts as callers without credentials see them, and how to
   * connect. @default true
   */
  readonly page?: boolean;
}

const ownOptions: {
  readonly [Name in Exclude<keyof ServeHttpOptions, keyof HttpHandlerOptions>]-?: true;
} = {
  port: true,
  host: true,
  drainMs: true,
  maxConnections: true,
  lameDuckMs: true,
  onDrain: true,
  path: true,
  page: true,
};
const ownOptionNames = Object.keys(ownOptions);

const defaultAddress: ListenAddress = { port: 3000, host: "127.0.0.1" };
const optionsOfAddress = { host: "the option host", port: "the option port" };

/** A listening HTTP server. */
export interface HttpEndpoint {
  /** A URL for clients on this machine, also if the server listens on all addresses. */
  readonly url: string;
  readonly port: number;
  /** True when only clients on this machine can connect. */
  readonly isLocal: boolean;
  /**
   * Sends `Connection: close` with every response, stops accepting connections after `lameDuckMs`,
   * ends subscriptions with their result, waits for exchanges in flight, and closes the remaining
   * connections after `drainMs`. Idle connections stay open for half a second after their last
   * response, so that a request that is on its way is answered.
   */
  readonly close: () => Promise<void>;
}

/**
 * Listens for HTTP on one address, by default on loopback only. Rejects for an address that is in use
 * or unavailable, with an error that names it and has the `code` of Node's error.
 *
 * @param support The support for legacy clients. @default they are refused
 * @throws {TypeError} for an unknown or invalid option
 * @spec basic/transports/streamable-http#security-endpoint
 */
export async function serveHttp(
  server: LegacyServed & { readonly close?: () => Promise<void> },
  options: ServeHttpOptions = {},
  support?: LegacySupport,
): Promise<HttpEndpoint> {
  requireServe("serveHttp", server);
  requireKnownMembers(options, [...ownOptionNames, ...handlerOptionNames], "serveHttp");
  const { path = "/mcp", page = true, ...others } = options;
  const { port, host, drainMs, lameDuckMs, maxConnections, onDrain, ...rules } = others;
  if (typeof path !== "string" || !path.startsWith("/"))
    throw new TypeError(`path: expected a path that begins with "/", got "${path}"`);
  requireListenOptions(others);
  const complete = withDefaults(rules, "serveHttp");
  const handler = createNodeHandler(server, rules, support);
  const elsewhere = atPath(path, handler);
  const isDocument = (req: IncomingMessage) =>
    complete.resource?.document(targetOf(req).path) !== undefined;
  const handle = withPage({
    path,
    handle: (req, res) => (isDocument(req) ? handler(req, res) : elsewhere(req, res)),
    rules: () => (page ? complete : undefined),
    visit: createVisit(server, complete),
  });
  const service = { handle, close: server.close ?? (async () => {}) };
  const listening = { port, host, drainMs, lameDuckMs, maxConnections, onDrain };
  const endpoint = await listenHttp(service, listening).catch((error) => {
    const address = { port: port ?? defaultAddress.port, host: host ?? defaultAddress.host };
    throw explainListenError(error, address, optionsOfAddress);
  });
  return { ...endpoint, url: endpoint.url + path };
}

/** The times of `ListenOptions`. */
const times = ["drainMs", "lameDuckMs"] as const;

/** Checks the address and the times, which Node reports late and without their names. */
function requireListenOptions(options: ListenOptions): void {
  const { port = defaultAddress.port, host = defaultAddress.host } = options;
  if (!(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    const got = typeof port === "string" ? `the string "${port}"` : port;
    throw new TypeError(`serveHttp: port: expected an integer from 0 to 65535, got ${got}`);
  }
  if (typeof host !== "string" || host === "") {
    throw new TypeError("serveHttp: host: expected an address or a name, such as 127.0.0.1");
  }
  for (const name of times) {
    const value = options[name] ?? 0;
    if (typeof value === "function" || (typeof value === "number" && value >= 0)) continue;
    throw new TypeError(`serveHttp: ${name}: expected milliseconds, 0 or more`);
  }
  requireFunctions("serveHttp", options, ["onDrain"]);
}

/** A service over HTTP, independent of its protocol. */
export interface HttpService {
  readonly handle: RequestListener;
  /** Ends subscriptions; called once, after the last connection was accepted. */
  readonly close: () => Promise<void>;
  /** Called for each request that can't be parsed, once it is answered. */
  readonly onMalformed?: ((request: MalformedRequest) => void) | undefined;
}

/** Returns a listener that passes requests for `path` to `handle` and answers others with 404. */
export function atPath(path: string, handle: RequestListener): RequestListener {
  return (req, res) => {
    if (targetOf(req).path === path) return handle(req, res);
    res.writeHead(404, { "content-length": 0 }).end();
  };
}

/** The options of a listener that only gateways set. */
export interface OwnListenOptions extends ListenOptions, Pick<ListenPlace, "socket" | "mode"> {
  /** The certificate. @default no TLS */
  readonly tls?: TlsSettings | undefined;
  /** True to let clients choose HTTP/2 in the handshake of TLS. Has no effect without `tls`. @default false */
  readonly http2?: boolean | undefined;
  /** Requires the PROXY protocol from each connection, if it comes from a trusted address. */
  readonly proxies?: Pick<ProxyHeaderOptions, "isTrusted"> | undefined;
  /** The connections that count together for `maxConnections`. @default those of this listener */
  readonly count?: ConnectionCount | undefined;
  /** The connections that another process accepts at the place. @default this process listens */
  readonly feed?: ConnectionFeed | undefined;
}

/** A listener whose certificate can be replaced. */
export interface OwnEndpoint extends HttpEndpoint {
  /** Replaces the certificate for new connections. Does nothing without TLS. */
  readonly renewTls: (tls: TlsSettings) => void;
}

/** Listens for HTTP on all paths. Rejects when the port is in use. */
export async function listenHttp(
  service: HttpService,
  options: OwnListenOptions = {},
): Promise<OwnEndpoint> {
  const {
    port = defaultAddress.port,
    host = defaultAddress.host,
    drainMs = 5000,
    lameDuckMs = 0,
    onDrain,
  } = options;
  const { maxConnections = defaultConnections(), count, socket, mode, tls, proxies } = options;
  const { feed, http2 = false } = options;
  if (!(Number.isInteger(maxConnections) && maxConnections > 0)) {
    throw new TypeError("maxConnections: expected a positive integer");
  }
  const http = createWebServer(tls, http2);
  const { handle, onMalformed = () => {} } = service;
  const watchReader = closeSlowReaders(http);
  const http2Options = { handle, onMalformed, watchReader, maxStreams: maxConnections };
  const streams = http2 && tls ? await acceptHttp2(http, http2Options) : undefined;
  if (proxies) {
    const onRefused = (address: string) => onMalformed({ status: 0, address });
    requireProxyHeader(http, { ...proxies, onRefused });
  }
  const onLimit = (max: number) => {
    console.error(`lutra: ${max} connections are open (maxConnections); others are refused`);
  };
  limitConnections(http, { max: maxConnections, onLimit, count });
  if (socket !== undefined) namePeers(http);
  const connections = new HttpConnections(http);
  http.on("request", connections.inTurn(withinHeaders(http, handle, onMalformed)));
  watchMalformed(http, onMalformed);
  if (feed === undefined) await listenAt(http, { port, host, socket, mode });
  const fed = feed && feedConnections(http, feed);
  let closed: Promise<void> | undefined;
  return {
    ...placeOf(http, { host, at: feed?.address }),
    renewTls: (next) => renewTls(http, next),
    close: () => {
      closed ??= drain(
        fed ?? http,
        { connections, streams },
        {
          onCutOff: fed?.abandon,
          end: service.close,
          drainMs: current(drainMs),
          lameDuckMs: current(lameDuckMs),
          onDrain,
        },
      );
      return closed;
    },
  };
}

function current(ms: number | (() => number)): number {
  return typeof ms === "function" ? ms() : ms;
}

interface DrainOptions extends Pick<ListenOptions, "onDrain"> {
  /** Ends subscriptions. */
  readonly end: () => Promise<void>;
  readonly drainMs: number;
  readonly lameDuckMs: number;
  /** Called after `drainMs`, once all connections are told to close. */
  readonly onCutOff?: (() => void) | undefined;
}

/** Interval between two checks for connections without a request, in milliseconds. */
const idleMs = 50;

/** Time after the announcement in which further requests on open HTTP/2 connections are served. */
const noticeMs = 500;

/** Time after which the exchanges that closing waits for are reported, in milliseconds. */
const slowMs = 500;

/** Loads HTTP/2 only for a listener that offers it. */
async function acceptHttp2(http: HttpServer, options: Http2Options): Promise<Http2Connections> {
  const { Http2Connections } = await import("./node-http2.ts");
  return new Http2Connections(http, options);
}

interface OpenConnections {
  readonly connections: HttpConnections;
  /** The connections with HTTP/2. Undefined for a listener that does not offer it. */
  readonly streams: Http2Connections | undefined;
}

async function drain(
  server: { readonly close: (onClosed: () => void) => unknown },
  { connections, streams }: OpenConnections,
  { end, drainMs, lameDuckMs, onDrain = () => {}, onCutOff = () => {} }: DrainOptions,
): Promise<void> {
  streams?.announceClose();
  if (lameDuckMs > 0) {
    connections.announceClose();
    await delay(lameDuckMs);
  }
  let onClosed = () => {};
  const closed = new Promise<void>((resolve) => {
    onClosed = resolve;
  });
  await connections.afterPending(() => server.close(onClosed));
  const cutOff = setTimeout(() => {
    connections.closeAll();
    onCutOff();
  }, drainMs);
  const idle = setInterval(() => connections.closeQuiet(), idleMs);
  // Clients that have not noticed the announcement yet may still send requests.
  const last = setTimeout(() => streams?.close(), noticeMs);
  const report = setTimeout(() => {
    const requests = connections.busy() + (streams?.busy() ?? 0);
    if (requests > 0) onDrain(requests);
  }, slowMs);
  await end();
  await closed;
  for (const timer of [cutOff, idle, last, report]) clearTimeout(timer);
}
