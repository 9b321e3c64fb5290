/**
 * Starts nginx and HAProxy with the exported configurations, in front of two servers that report
 * their names, and expects the same routing as in the gateway.
 */
import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from "node:http";
import { encodeHeaderValue } from "lutra/protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "../../packages/gateway/src/config/parse-config.ts";
import type { ConfigInput } from "../../packages/gateway/src/config/schema.ts";
import { exportConfig } from "../../packages/gateway/src/export/export-config.ts";
import {
  findProgram,
  freePort,
  type ProxyProcess,
  startHaproxy,
  startNginx,
} from "./proxy-process.ts";

/** A server that answers with its name and records its requests. */
class Upstream {
  readonly name: string;
  readonly seen: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];
  connections = 0;
  /** The headers of the first health check. */
  readonly checked: Promise<IncomingHttpHeaders>;
  /** Replaces the default answer. */
  answer: ((req: IncomingMessage, res: ServerResponse) => void) | undefined;
  readonly server: Server;

  constructor(name: string) {
    this.name = name;
    let check: (headers: IncomingHttpHeaders) => void = () => undefined;
    this.checked = new Promise((resolve) => {
      check = resolve;
    });
    this.server = createServer((req, res) => {
      const { url = "", headers } = req;
      if (headers["mcp-method"] === "server/discover") {
        check(headers);
        return void req.resume().once("end", () => res.end("{}"));
      }
      this.seen.push({ url, headers });
      if (this.answer) return this.answer(req, res);
      req.resume().once("end", () => res.end(JSON.stringify({ name })));
    }).on("connection", () => {
      this.connections += 1;
    });
  }

  async listen(): Promise<string> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/${this.name}`;
  }

  reset(): void {
    this.seen.length = 0;
    this.connections = 0;
    this.answer = undefined;
  }
}

const nasty = 'it\'s "50%" of $5; {ok}\\';
const version = { "mcp-protocol-version": "2026-07-28" };
const base64 = (text: string) => `=?base64?${Buffer.from(text).toString("base64")}?=`;

describe.each([
  ["nginx", startNginx, "nginx-light"],
  ["haproxy", startHaproxy, "haproxy"],
] as const)("the export for %s", (target, start, debian) => {
  const isThere = findProgram(target) !== undefined;
  const here = it.skipIf(!isThere);
  const why = isThere ? "" : ` (not run: no ${target} here; apt-get install ${debian})`;
  const atlas = new Upstream("atlas");
  const wiki = new Upstream("wiki");
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let port = 0;
  let proxy: ProxyProcess | undefined;

  beforeAll(async () => {
    if (!isThere) return;
    port = await freePort();
    const [atlasUrl, wikiUrl] = [await atlas.listen(), await wiki.listen()];
    const config: ConfigInput = {
      listen: { port, allowedOrigins: ["https://app.example"] },
      upstreams: {
        atlas: {
          url: atlasUrl,
          verify: "upstream",
          headers: { "x-key": nasty },
          health: { intervalMs: 200 },
        },
        // The same server twice, to detect a request that is retried at another replica.
        wiki: { url: [wikiUrl, wikiUrl.replace("127.0.0.1", "localhost")], verify: "upstream" },
      },
      routes: [
        { match: { method: "tools/call", name: ["*_delete", "naïve", "two\nlines"] }, deny: nasty },
        { match: { name: ["search", "file:///*", nasty] }, to: "wiki" },
        { match: { param: { "Region-1": ["us-*", "grün"] } }, to: "wiki" },
        {
          match: { name: "split" },
          to: [
            { upstream: "atlas", weight: 3 },
            { upstream: "wiki", weight: 1 },
          ],
        },
        { match: { method: "prompts/*" }, merge: "all" },
        { match: { method: ["tools/*", "resources/read"] }, to: "atlas" },
      ],
    };
    proxy = await start(exportConfig(parseConfig(config).config, target).text, port);
  });

  afterAll(async () => {
    agent.destroy();
    await proxy?.stop();
    for (const { server } of [atlas, wiki]) {
      server.closeAllConnections();
      server.close();
    }
  });

  beforeEach(() => {
    atlas.reset();
    wiki.reset();
  });

  function open(
    headers: Readonly<Record<string, string | string[]>>,
    method = "POST",
    path = "/mcp",
  ) {
    const all = { "content-type": "application/json", ...headers };
    return request({ port, host: "127.0.0.1", method, path, headers: all, agent });
  }

  async function send(...head: Parameters<typeof open>) {
    const sent = open(...head);
    sent.end(head[1] === "GET" ? undefined : "{}");
    const [response]: [IncomingMessage] = (await once(sent, "response")) as [IncomingMessage];
    let body = "";
    for await (const chunk of response.setEncoding("utf8")) body += chunk;
    return { status: response.statusCode, body, headers: response.headers };
  }

  const call = (name: string, more = {}) =>
    send({ ...version, "mcp-method": "tools/call", "mcp-name": name, ...more });
  const nameOf = async (answer: ReturnType<typeof send>) => JSON.parse((await answer).body).name;

  here.each([
    ["a name", "search"],
    ["a name in Base64", base64("search")],
    ["a pattern", "file:///a/b.txt"],
    ["a pattern in Base64", base64("file:///日本.txt")],
    ["a name with all kinds of quotes", nasty],
    ["a name with all kinds of quotes in Base64", base64(nasty)],
  ])(`routes by %s${why}`, async (_what, name) => {
    expect(await nameOf(call(name))).toBe("wiki");
  });

  here.each([
    ["another name", { "mcp-name": "Search" }],
    ["no name", {}],
    ["another parameter", { "mcp-param-region-1": "eu-1", "mcp-param-region": "us-1" }],
  ])(`does not route by %s${why}`, async (_what, headers) => {
    expect(await nameOf(send({ ...version, "mcp-method": "tools/call", ...headers }))).toBe(
      "atlas",
    );
  });

  here.each([["us-west1"], [base64("us-west1")], [encodeHeaderValue("grün")]])(
    `routes by the parameter %s${why}`,
    async (value) => {
      expect(await nameOf(call("x", { "Mcp-Param-Region-1": value }))).toBe("wiki");
    },
  );

  here.each([
    ["a method without a name", { "mcp-method": "tools/list" }, "atlas"],
    ["an unknown method", { "mcp-method": "tools/new" }, "wiki"],
    [
      "a method that differs in case from one without a name",
      { "mcp-method": "Tools/List" },
      "wiki",
    ],
  ])(`interprets Mcp-Name with %s as the gateway does${why}`, async (_what, headers, expected) => {
    expect(await nameOf(send({ ...version, "mcp-name": "search", ...headers }))).toBe(expected);
    const plain = send({ ...version, "mcp-name": base64("search"), ...headers });
    expect(await nameOf(plain)).toBe(expected);
  });

  here(`routes by method${why}`, async () => {
    expect(
      await nameOf(send({ ...version, "mcp-method": "resources/read", "mcp-name": "x" })),
    ).toBe("atlas");
    expect((await send({ ...version, "mcp-method": "other/method" })).status).toBe(404);
  });

  here.each([
    ["book_delete"],
    [base64("büch_delete")],
    [base64("a_delete")],
    [base64("naïve")],
    [base64("two\nlines")],
  ])(`denies %s with the configured reason${why}`, async (name) => {
    const { status, body, headers } = await call(name);
    expect(status).toBe(403);
    expect(headers["content-type"]).toBe("application/json");
    expect(JSON.parse(body)).toEqual({ jsonrpc: "2.0", error: { code: -32600, message: nasty } });
    expect(atlas.seen.length + wiki.seen.length).toBe(0);
  });

  here(`refuses requests for a route that needs the body${why}`, async () => {
    expect(
      (await send({ ...version, "mcp-method": "prompts/get", "mcp-name": "search2" })).status,
    ).toBe(501);
  });

  here.each([
    ["no version", {}],
    ["an older version", { "mcp-protocol-version": "2025-11-25" }],
    ["no method", { ...version, "mcp-method": "" }],
  ])(`refuses %s, because the headers are not verified then${why}`, async (_what, headers) => {
    const { status, body } = await send({
      "mcp-method": "tools/call",
      "mcp-name": "search",
      ...headers,
    });
    expect(status).toBe(400);
    expect(JSON.parse(body).error.code).toBe(-32020);
  });

  here.each([
    ["GET", { method: "GET" }, 405],
    ["another path", { path: "/mcp/x" }, 404],
    ["a foreign origin", { headers: { origin: "https://evil.example" } }, 403],
    ["a foreign host", { headers: { host: "evil.example" } }, 403],
    [
      "a loopback origin with a foreign host",
      { headers: { host: "evil.example", origin: "http://localhost:1" } },
      403,
    ],
    ["a loopback origin", { headers: { origin: "http://localhost:1" } }, 200],
    ["an allowed origin", { headers: { origin: "https://app.example" } }, 200],
  ] as const)(`answers %s as the gateway does${why}`, async (_what, how, expected) => {
    const {
      method = "POST",
      path = "/mcp",
      headers = {},
    }: { method?: string; path?: string; headers?: object } = how;
    const { status } = await send(
      { ...version, "mcp-method": "tools/list", ...headers },
      method,
      path,
    );
    expect(status).toBe(expected);
  });

  here(`splits by weight${why}`, async () => {
    for (let count = 0; count < 120; count += 1) await call("split");
    expect(atlas.seen.length + wiki.seen.length).toBe(120);
    // The mean is 30 of 120. A value outside these bounds has a probability of about 1e-10.
    expect(wiki.seen.length).toBeGreaterThan(2);
    expect(wiki.seen.length).toBeLessThan(62);
  });

  here(`passes on unknown headers, adds configured headers, and removes Origin${why}`, async () => {
    await call("x", {
      "Mcp-Param-any_one": "1",
      "Mcp-Param-a.b": "2",
      origin: "http://localhost:1",
      "x-key": "mine",
    });
    const [{ url, headers } = { url: "", headers: {} }] = atlas.seen;
    expect(url).toBe("/atlas");
    expect(headers).toMatchObject({
      ...version,
      "mcp-name": "x",
      "mcp-param-any_one": "1",
      "mcp-param-a.b": "2",
      "x-key": nasty,
    });
    expect(headers.origin).toBeUndefined();
    expect(headers.host).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(headers.host).not.toBe(`127.0.0.1:${port}`);
  });

  here(`replaces the forwarded headers of the client${why}`, async () => {
    await call("x", {
      host: "localhost:1234",
      "x-forwarded-for": ["203.0.113.9", "203.0.113.10"],
      "x-forwarded-proto": "https",
      "x-forwarded-host": "evil.example",
      "x-forwarded-port": "443",
      "x-real-ip": "203.0.113.9",
      forwarded: "for=203.0.113.9",
    });
    const { headers = {} } = atlas.seen[0] ?? {};
    expect(headers).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "localhost:1234",
    });
    expect(Object.keys(headers).filter((name) => /forwarded|real-ip/.test(name))).toHaveLength(3);
  });

  here(`refuses a repeated Mcp-Name, or routes by the value that it passes on${why}`, async () => {
    const { status } = await send({
      ...version,
      "mcp-method": "tools/call",
      "mcp-name": ["search", "x"],
    });
    if (status === 200) expect(wiki.seen[0]?.headers["mcp-name"]).toBe("search");
    else expect(status).toBe(400);
    expect(atlas.seen).toEqual([]);
  });

  here(`keeps connections to upstreams open${why}`, async () => {
    for (let count = 0; count < 20; count += 1) await call("x");
    expect(atlas.seen).toHaveLength(20);
    expect(atlas.connections).toBeLessThanOrEqual(2);
  });

  here(`streams each event without waiting for the next${why}`, async () => {
    let finish: (() => void) | undefined;
    atlas.answer = (req, res) => {
      req.resume();
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write("data: 1\n\n");
      finish = () => res.end("data: 2\n\n");
    };
    const sent = open({ ...version, "mcp-method": "tools/call", "mcp-name": "x" });
    sent.end("{}");
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    const [first] = await once(response, "data");
    expect(String(first)).toBe("data: 1\n\n");
    const ended = once(response, "end");
    finish?.();
    const [second] = await once(response, "data");
    expect(String(second)).toBe("data: 2\n\n");
    await ended;
  });

  here(`streams a body that has not ended${why}`, async () => {
    atlas.answer = (req, res) => {
      req.once("data", () => {
        res.writeHead(200);
        res.write("early");
      });
      req.once("end", () => res.end());
    };
    const sent = open({ ...version, "mcp-method": "tools/call", "mcp-name": "x" });
    sent.write("first part");
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    const [early] = await once(response, "data");
    expect(String(early)).toBe("early");
    sent.end("last part");
    response.resume();
    await once(response, "end");
  });

  here(`cancels the upstream request when the client disconnects${why}`, async () => {
    const closed = new Promise<ServerResponse>((resolve) => {
      atlas.answer = (req, res) => {
        req.resume();
        res.writeHead(200, { "content-type": "text/event-stream" });
        res.write("data: 1\n\n");
        res.once("close", () => resolve(res));
      };
    });
    const sent = open({ ...version, "mcp-method": "tools/call", "mcp-name": "x" });
    sent.on("error", () => undefined).end("{}");
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.on("error", () => undefined);
    await once(response, "data");
    sent.destroy();
    expect((await closed).writableEnded).toBe(false);
  });

  // nginx has no health checks.
  if (target === "haproxy") {
    here(`sends health checks to replicas${why}`, async () => {
      expect(await atlas.checked).toMatchObject({ ...version, "x-key": nasty });
    });
  }

  here(`does not retry a request that a replica received${why}`, async () => {
    wiki.answer = (req) => {
      req.resume().once("end", () => req.socket.destroy());
    };
    const { status } = await call("search");
    expect(status).toBe(502);
    expect(wiki.seen).toHaveLength(1);
  });
});
