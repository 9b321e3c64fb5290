/** Serves the page and its API below one path of a Node server. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Access, createAccess, isLoopbackHost } from "./access.ts";
import { ApiError } from "./api-error.ts";
import type { ApiRequest, ApiRoute } from "./api-route.ts";
import { sendEvents } from "./event-stream.ts";
import { readBody } from "./read-body.ts";
import { loadStaticFiles, type StaticFiles, sendFile } from "./static-files.ts";

export interface ConsoleOptions {
  /** The name of the server or gateway, for the head of the page. */
  readonly title: string;
  /** The views that the page offers, such as `explore`, the first one at the start. */
  readonly views: readonly string[];
  /** The paths of the API that these views use. */
  readonly routes: readonly ApiRoute[];
  /** The path of the page. Begins and ends with a slash. @default "/console/" */
  readonly basePath?: string;
  /**
   * Returns true for a `Host` header under which the page may be used. Prevents DNS rebinding.
   * @default names and addresses of this machine
   */
  readonly isAllowedHost?: (host: string | undefined) => boolean;
  /** The origins whose pages may be embedded: that of the sandbox for apps. @default [] */
  readonly frames?: readonly string[];
  /** The folder of the built page. @default the one of this package */
  readonly pageFolder?: string;
  /** Called with errors that the page sees as "Internal error". @default console.error */
  readonly onError?: (error: unknown) => void;
}

export interface Console {
  /** Answers a request below the base path. Returns false for another path, without an answer. */
  readonly handle: (req: IncomingMessage, res: ServerResponse) => boolean;
  /** Returns the link that gives access, for a server at an origin such as `http://127.0.0.1:9464`. */
  readonly linkAt: (origin: string) => string;
}

/** Maximum number of streams of events at a time, over all windows of browsers. */
const maxStreams = 32;

interface Parts {
  readonly options: ConsoleOptions;
  readonly access: Access;
  readonly files: StaticFiles;
  readonly routes: ReadonlyMap<string, ApiRoute>;
  openStreams: number;
}

/**
 * Creates the console. The link of `linkAt` is the only access; print it where only the operator sees
 * it.
 */
export function createConsole(options: ConsoleOptions): Console {
  const { basePath = "/console/", isAllowedHost = isLoopbackHost } = options;
  const about: ApiRoute = {
    method: "GET",
    path: "about",
    serve: () => ({ title: options.title, views: options.views }),
  };
  const parts: Parts = {
    options,
    access: createAccess({ basePath, isAllowedHost }),
    files: loadStaticFiles(options.pageFolder, options.frames),
    routes: new Map([about, ...options.routes].map((route) => [route.path, route])),
    openStreams: 0,
  };

  return {
    handle: (req, res) => {
      const [path = ""] = (req.url ?? "").split("?", 1);
      if (`${path}/` === basePath) {
        res.writeHead(308, { location: basePath, "content-length": 0 }).end();
        return true;
      }
      if (!path.startsWith(basePath)) return false;
      const name = path.slice(basePath.length);
      if (!isAllowedHost(req.headers.host)) sendError(res, new ApiError(403, "Host: not allowed"));
      else if (name.startsWith("api/")) void serveApi(req, res, name.slice(4), parts);
      else servePage(req, res, name, parts);
      return true;
    },
    linkAt: (origin) => `${new URL(basePath, origin).href}#token=${parts.access.token}`,
  };
}

function servePage(req: IncomingMessage, res: ServerResponse, name: string, parts: Parts): void {
  const file = parts.files.get(name === "" ? "index.html" : name);
  if (file === undefined) sendError(res, new ApiError(404, "no such file"));
  else if (req.method === "GET" || req.method === "HEAD") sendFile(req, res, file);
  else {
    res.setHeader("allow", "GET, HEAD");
    sendError(res, new ApiError(405, "expected GET or HEAD"));
  }
}

async function serveApi(
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
  parts: Parts,
): Promise<void> {
  try {
    parts.access.requireAllowed(req, path === "session");
    if (path === "session") return await signIn(req, res, parts);
    const route = parts.routes.get(path);
    if (route === undefined) throw new ApiError(404, `unknown path api/${path}`);
    await serveRoute(route, req, res, parts);
  } catch (error) {
    if (!(error instanceof ApiError)) (parts.options.onError ?? console.error)(error);
    sendError(res, error instanceof ApiError ? error : new ApiError(500, "Internal error"));
  }
}

async function signIn(req: IncomingMessage, res: ServerResponse, { access }: Parts): Promise<void> {
  requireMethod(req, res, "POST");
  const { token } = await readBody(req);
  const cookie = typeof token === "string" ? access.signIn(token) : undefined;
  if (cookie === undefined) throw new ApiError(401, "token: not the one of this process");
  res.setHeader("set-cookie", cookie);
  sendJSON(res, 200, {});
}

async function serveRoute(
  route: ApiRoute,
  req: IncomingMessage,
  res: ServerResponse,
  parts: Parts,
): Promise<void> {
  const gone = new AbortController();
  res.once("close", () => gone.abort());
  const query = new URL(req.url ?? "", "http://console").searchParams;
  const request: ApiRequest = {
    query,
    body: {},
    signal: gone.signal,
  };
  if ("stream" in route) {
    requireMethod(req, res, "GET");
    if (parts.openStreams >= maxStreams) throw new ApiError(503, "too many open pages");
    parts.openStreams += 1;
    try {
      return await sendEvents(res, route, {
        ...request,
        isReading: () => !res.writableNeedDrain,
      });
    } finally {
      parts.openStreams -= 1;
    }
  }
  requireMethod(req, res, route.method);
  const body = route.method === "POST" ? await readBody(req) : {};
  const value: unknown = await route.serve({ ...request, body });
  sendJSON(res, 200, value ?? {});
}

function requireMethod(req: IncomingMessage, res: ServerResponse, method: string): void {
  if (req.method === method) return;
  res.setHeader("allow", method);
  throw new ApiError(405, `expected ${method}`);
}

function sendError(res: ServerResponse, { status, message }: ApiError): void {
  // The rest of a body that was refused is not read.
  if (!res.headersSent && status >= 400) res.setHeader("connection", "close");
  sendJSON(res, status, { error: { message } });
}

function sendJSON(res: ServerResponse, status: number, value: unknown): void {
  if (res.destroyed) return;
  if (res.headersSent) return void res.end();
  const body = JSON.stringify(value);
  res.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  });
  res.end(body);
}
