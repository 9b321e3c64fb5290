/** The transports of the tests: the Node handler, the fetch handler and stdio. */
import { createServer as createHTTPServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import type { JSONObject } from "../../packages/lutra/src/protocol/json.ts";
import type { Server } from "../../packages/lutra/src/server/compile-server.ts";
import { createFetchHandler } from "../../packages/lutra/src/transport/http/index.ts";
import type { VersionOptions } from "../../packages/lutra/src/transport/http/legacy-hook.ts";
import type { HttpHandlerOptions } from "../../packages/lutra/src/transport/http/rules.ts";
import { createNodeHandler, serveStdio } from "../../packages/lutra/src/transport/node.ts";
import { type ClientOptions, LegacyClient } from "./client.ts";

type HandlerOptions = HttpHandlerOptions & VersionOptions;

/** An HTTP endpoint. */
export type Http = (init: RequestInit) => Promise<Response>;

export interface Wire {
  /** Opens a session. */
  readonly connect: (options?: ClientOptions) => Promise<LegacyClient>;
  readonly close: () => Promise<void>;
}

export interface Endpoint {
  readonly http: Http;
  readonly close: () => Promise<void>;
}

/** Returns the path and the query of a request, which a test may name in a header. */
function targetOf({ headers }: RequestInit): string {
  return new Headers(headers).get("x-target") ?? "/mcp";
}

export async function nodeEndpoint(
  server: Server,
  options: HandlerOptions = {},
): Promise<Endpoint> {
  const http = createHTTPServer(createNodeHandler(server, options));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  return {
    http: (init) => fetch(new URL(targetOf(init), `http://127.0.0.1:${port}`), init),
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

export async function fetchEndpoint(
  server: Server,
  options: HandlerOptions = {},
): Promise<Endpoint> {
  const handler = createFetchHandler(server, options);
  return {
    http: (init) => handler(new Request(new URL(targetOf(init), "http://localhost"), init)),
    close: async () => {},
  };
}

export const endpoints = [
  ["the Node handler", nodeEndpoint],
  ["the fetch handler", fetchEndpoint],
] as const;

/** The events of a response, without comments. */
export async function* eventsOf(
  response: Response,
): AsyncGenerator<{ readonly id: string | undefined; readonly data: string }> {
  if (response.body === null) return;
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const events = (text + chunk).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const id = /^id: (.*)$/m.exec(event)?.[1];
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data !== undefined) yield { id, data };
    }
  }
}

/** Reads a stream to its end. Resolves when it has ended or was cut off. */
async function deliverEvents(response: Response, deliver: (value: unknown) => void): Promise<void> {
  try {
    for await (const { data } of eventsOf(response)) if (data !== "") deliver(JSON.parse(data));
  } catch {
    // The connection was closed.
  }
}

export const jsonHeaders = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};

/** A session over HTTP, with the headers that its requests carry. */
export class HttpSession extends LegacyClient {
  readonly headers: Record<string, string>;
  readonly #http: Http;

  constructor(http: Http, { answer, headers }: SessionOptions = {}) {
    const all: Record<string, string> = { ...jsonHeaders, ...headers };
    super(async (message, deliver) => {
      const response = await http({ method: "POST", headers: all, body: JSON.stringify(message) });
      const id = response.headers.get("mcp-session-id");
      if (id !== null) all["mcp-session-id"] = id;
      if (response.headers.get("content-type") === "text/event-stream") {
        void deliverEvents(response, deliver);
        return;
      }
      const text = await response.text();
      if (text !== "") deliver(JSON.parse(text));
      else if (response.status >= 400) throw new Error(`HTTP ${response.status}`);
    }, answer);
    this.headers = all;
    this.#http = http;
  }

  get id(): string {
    return this.headers["mcp-session-id"] ?? "";
  }

  override async open(options: ClientOptions = {}): Promise<JSONObject> {
    const result = await super.open(options);
    this.headers["mcp-protocol-version"] = String(result.protocolVersion);
    return result;
  }

  /** Sends a message. Resolves to the response as it is. */
  post(message: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const all = { ...this.headers, ...headers };
    return this.#http({ method: "POST", headers: all, body: JSON.stringify(message) });
  }

  /** Opens the standalone stream, whose messages are delivered. */
  async listen(headers: Record<string, string> = {}): Promise<Response> {
    const response = await this.get(headers);
    void deliverEvents(response, this.deliver);
    return response;
  }

  get(headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
    const all = { ...this.headers, accept: "text/event-stream", ...headers };
    return this.#http({ method: "GET", headers: all, ...(signal && { signal }) });
  }

  delete(): Promise<Response> {
    return this.#http({ method: "DELETE", headers: this.headers });
  }
}

interface SessionOptions extends ClientOptions {
  readonly headers?: Record<string, string>;
}

/** Opens a session over HTTP. */
export async function openSession(http: Http, options: SessionOptions = {}): Promise<HttpSession> {
  const session = new HttpSession(http, options);
  await session.open(options);
  return session;
}

async function overHTTP(
  server: Server,
  start: (server: Server) => Promise<Endpoint>,
): Promise<Wire> {
  const { http, close } = await start(server);
  return {
    connect: async (options) => {
      const session = await openSession(http, options);
      await session.listen();
      return session;
    },
    close: async () => {
      await server.close();
      await close();
    },
  };
}

/** Serves over streams in memory, one pair for each client. */
async function overStdio(server: Server): Promise<Wire> {
  const handles: { readonly close: () => Promise<void> }[] = [];
  return {
    connect: async (options = {}) => {
      const { client, close } = stdioClient(server, options);
      handles.push({ close });
      await client.open(options);
      return client;
    },
    close: async () => {
      for (const { close } of handles) await close();
    },
  };
}

/** Connects a client over streams in memory, without opening a session. */
export function stdioClient(
  server: Server,
  { answer, versions }: ClientOptions & { readonly versions?: readonly string[] } = {},
) {
  const input = new PassThrough();
  const output = new PassThrough();
  const own = versions === undefined ? {} : { versions };
  const handle = serveStdio(server, { input, output, graceMs: 50, ...own });
  const client = new LegacyClient(async (message) => {
    input.write(`${JSON.stringify(message)}\n`);
  }, answer);
  let text = "";
  output.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (text + chunk).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) client.deliver(JSON.parse(line));
  });
  return { client, input, close: () => handle.close() };
}

export const wires = [
  ["the Node handler", (server: Server) => overHTTP(server, nodeEndpoint)],
  ["the fetch handler", (server: Server) => overHTTP(server, fetchEndpoint)],
  ["stdio", overStdio],
] as const;
