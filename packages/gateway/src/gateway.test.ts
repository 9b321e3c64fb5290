import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type HttpEndpoint, serveHttp } from "lutra/node";
import { ProtocolError } from "lutra/protocol";
import { createServer, defineTool } from "lutra/server";
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { ConfigInput } from "./config/schema.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import type { GatewayOptions } from "./gateway-options.ts";

const echo = defineTool({
  name: "echo",
  inputSchema: { type: "object" },
  call: (args) => JSON.stringify(args),
});
const start = (name: string) => {
  const server = createServer({ name, version: "1.0.0", tools: [echo] });
  return serveHttp(server, { port: 0 });
};

let one: HttpEndpoint;
let two: HttpEndpoint;
const running: Gateway[] = [];
const notices: string[] = [];

beforeAll(async () => {
  [one, two] = await Promise.all([start("one"), start("two")]);
  return async () => {
    await Promise.all([one.close(), two.close()]);
  };
});

afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.close();
  expect(notices.splice(0)).toEqual([]);
});

const quiet = { listen: { port: 0 }, admin: false, log: false, drainMs: 500 } as const;
const upstreams = () => ({ one: { url: one.url, verify: "upstream" as const } });

async function gatewayOf(config: Partial<ConfigInput> = {}, options: GatewayOptions = {}) {
  const input = { ...quiet, upstreams: upstreams(), ...config };
  const gateway = await startGateway(input, { notice: (line) => notices.push(line), ...options });
  running.push(gateway);
  await gateway.ready();
  return gateway;
}

const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
};

async function ask(
  { url }: Gateway,
  method: string,
  params: { readonly name?: string; readonly taskId?: string } = {},
  headers: { readonly [name: string]: string } = {},
) {
  const message = { jsonrpc: "2.0", id: 7, method, params: { ...params, _meta } };
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(params.name !== undefined && { "mcp-name": params.name }),
      ...headers,
    },
    body: JSON.stringify(message),
  });
  const { status } = response;
  const replica = response.headers.get("x-lutra-replica");
  return { status, replica, headers: response.headers, body: await response.json() };
}

describe("a gateway over one upstream", () => {
  it("compares the headers of task requests with their bodies", async () => {
    const gateway = await gatewayOf({ upstreams: { one: { url: one.url, verify: "gateway" } } });
    const params = { taskId: "a" };
    const { status, body } = await ask(gateway, "tasks/get", params, { "mcp-name": "b" });
    expect([status, body.error.code]).toEqual([400, -32020]);
    const fitting = await ask(gateway, "tasks/get", params, { "mcp-name": "a" });
    expect(fitting.body.error.code).toBe(-32601);
  });

  it("forwards a call and reports the replica that answered", async () => {
    const { status, replica, body } = await ask(await gatewayOf(), "tools/call", { name: "echo" });
    expect([status, replica]).toEqual([200, "1"]);
    expect(body).toMatchObject({ id: 7, result: { content: [{ text: "{}" }] } });
  });

  it("answers with a cached list without a request to the upstream", async () => {
    const gateway = await gatewayOf();
    const first = await ask(gateway, "tools/list");
    const second = await ask(gateway, "tools/list");
    expect([first.replica, second.replica]).toEqual(["1", null]);
    expect(second.body.result.tools).toEqual(first.body.result.tools);
  });

  it("marks a merged list for callers without credentials as public, unless trustPublic is false", async () => {
    const scopeOf = async (trustPublic?: boolean) => {
      const own = { url: one.url, ...(trustPublic !== undefined && { trustPublic }) };
      const gateway = await gatewayOf({ upstreams: { one: own }, routes: [{ merge: "all" }] });
      return (await ask(gateway, "tools/list")).body.result.cacheScope;
    };
    expect([await scopeOf(), await scopeOf(true), await scopeOf(false)]).toEqual([
      "public",
      "public",
      "private",
    ]);
  });

  it("passes on the challenge of an upstream that lists tools only to signed-in callers", async () => {
    const challenge = 'Bearer resource_metadata="https://a.example/.well-known"';
    const server = createHttpServer((req, res) => {
      res.setHeader("www-authenticate", challenge);
      req.resume().on("end", () => res.writeHead(401).end());
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/mcp`;
    const config = { upstreams: { one: { url } }, routes: [{ merge: "all" as const }] };
    const { status, headers } = await ask(
      await gatewayOf(config, { notice: () => {} }),
      "tools/call",
      { name: "echo" },
    );
    expect([status, headers.get("www-authenticate")]).toEqual([401, challenge]);
  });

  it("caches nothing if the cache is disabled", async () => {
    const gateway = await gatewayOf({ cache: false });
    await ask(gateway, "tools/list");
    expect((await ask(gateway, "tools/list")).replica).toBe("1");
  });

  it("sends the id of the request in its own errors", async () => {
    const routes = [{ match: { name: "echo" }, deny: "echoing is off" }, { to: "one" }];
    const gateway = await gatewayOf({ routes });
    const { status, body } = await ask(gateway, "tools/call", { name: "echo" });
    expect(status).toBe(403);
    expect(body).toEqual({
      jsonrpc: "2.0",
      id: 7,
      error: { code: -32600, message: "echoing is off" },
    });
  });

  it("applies rules on entries to requests that it forwards unread", async () => {
    const one = { ...upstreams().one, tools: { exclude: "hidden" } };
    const routes = [{ match: { upstream: "one", tool: "drop_*" }, deny: "no" }, { to: "one" }];
    const gateway = await gatewayOf({ upstreams: { one }, routes });
    const answers = ["drop_all", "hidden", "echo"].map(async (name) => {
      const { status, body } = await ask(gateway, "tools/call", { name });
      return [status, body.error?.message];
    });
    expect(await Promise.all(answers)).toEqual([
      [403, "no"],
      [400, "Unknown tool: hidden"],
      [200, undefined],
    ]);
  });

  it("answers 404 to a request that no route matches", async () => {
    const gateway = await gatewayOf({ routes: [{ match: { method: "tools/list" }, to: "one" }] });
    const { status, body } = await ask(gateway, "tools/call", { name: "echo" });
    expect([status, body.id, body.error.code]).toEqual([404, 7, -32600]);
  });

  it("answers 429 with Retry-After when a limit is exceeded, also for forwarded methods", async () => {
    const limits = [{ rate: { requests: 1, perMs: 60_000 }, match: { method: "tools/call" } }];
    const gateway = await gatewayOf({ limits });
    expect((await ask(gateway, "tools/call", { name: "echo" })).status).toBe(200);
    const { status, headers, body } = await ask(gateway, "tools/call", { name: "echo" });
    expect([status, body.error.code]).toEqual([429, -32603]);
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await ask(gateway, "tools/list")).status).toBe(200);
  });
});

describe("a limit of the concurrency of subscriptions", () => {
  it("bounds those of one caller, until one ends", async () => {
    const match = { method: "subscriptions/listen" };
    const limits = [{ match, per: ["principal" as const], concurrency: 2 }];
    const authenticate: GatewayOptions["authenticate"] = (header) => ({
      id: header("authorization") ?? "anonymous",
    });
    const gateway = await gatewayOf({ limits }, { authenticate });
    const subscribe = async (authorization: string) => {
      const end = new AbortController();
      const { status } = await fetch(gateway.url, {
        method: "POST",
        signal: end.signal,
        headers: {
          authorization,
          accept: "application/json, text/event-stream",
          "content-type": "application/json",
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": "subscriptions/listen",
        },
        body: JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "subscriptions/listen",
          params: { notifications: { toolsListChanged: true }, _meta },
        }),
      });
      return { status, leave: () => end.abort() };
    };
    const [first, second] = [await subscribe("ana"), await subscribe("ana")];
    expect([first.status, second.status, (await subscribe("ana")).status]).toEqual([200, 200, 429]);
    expect((await subscribe("ben")).status).toBe(200);
    first.leave();
    await expect.poll(async () => (await subscribe("ana")).status).toBe(200);
  });
});

describe("authenticate", () => {
  const authenticate: GatewayOptions["authenticate"] = (header) => {
    const token = header("authorization");
    if (token === "Bearer broken") throw new Error("secret details");
    if (token === undefined) throw new ProtocolError("invalidRequest", "who?", { status: 401 });
    return { id: token };
  };
  const routes = [
    { match: { principal: "Bearer ana" }, to: "one" },
    { match: { method: "tools/call", name: "echo" }, deny: "not for you" },
  ];

  it("is called before the route is chosen", async () => {
    const gateway = await gatewayOf({ routes }, { authenticate });
    const call = (headers = {}) => ask(gateway, "tools/call", { name: "echo" }, headers);
    expect((await call()).status).toBe(401);
    expect((await call({ authorization: "Bearer ana" })).status).toBe(200);
    expect((await call({ authorization: "Bearer ben" })).status).toBe(403);
  });

  it("hides the reason for its failure from the client", async () => {
    const gateway = await gatewayOf({ routes }, { authenticate });
    const headers = { authorization: "Bearer broken" };
    const { status, body } = await ask(gateway, "tools/call", { name: "echo" }, headers);
    expect(status).toBe(500);
    expect(body).toEqual({
      jsonrpc: "2.0",
      id: 7,
      error: { code: -32603, message: "Internal error" },
    });
    expect(notices.splice(0).join()).toContain("secret details");
  });

  it("gets the head by which the route is chosen", async () => {
    const seen: unknown[] = [];
    const gateway = await gatewayOf(
      {},
      {
        authenticate: (_header, head) => {
          seen.push(head.method, head.name, head.address);
          return { id: "ana" };
        },
      },
    );
    await ask(gateway, "tools/call", { name: "echo" });
    expect(seen).toEqual(["tools/call", "echo", "127.0.0.1"]);
  });

  it("refuses callers for which it returns no principal, unless they may be anonymous", async () => {
    const nobody = { authenticate: () => undefined };
    for (const method of ["tools/list", "server/discover"]) {
      const refused = await ask(await gatewayOf({}, nobody), method);
      expect([refused.status, refused.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
      const served = await ask(await gatewayOf({}, { ...nobody, anonymous: true }), method);
      expect(served.status).toBe(200);
    }
  });
});

it.each(["gateway", "upstream"] as const)(
  "a gateway passes on the challenge of an upstream, with verify: %s",
  async (verify) => {
    const challenge = 'Bearer scope="tools"';
    const authenticate = (header: (name: string) => string | undefined) => {
      if (header("authorization") !== undefined) return { id: "ana" };
      throw new ProtocolError("invalidRequest", "who?", { status: 401, challenge });
    };
    const server = createServer({ name: "locked", version: "1.0.0", tools: [echo] });
    const locked = await serveHttp(server, { port: 0, authenticate });
    // After the gateway, which reports a server that has ended.
    onTestFinished(() => locked.close());
    const gateway = await gatewayOf({ upstreams: { locked: { url: locked.url, verify } } });
    for (const [method, params] of [["tools/list"], ["tools/call", { name: "echo" }]] as const) {
      const { status, headers, body } = await ask(gateway, method, params);
      expect([status, headers.get("www-authenticate")]).toEqual([401, challenge]);
      expect(body.error).toMatchObject({ code: -32600, message: "who?" });
      const known = await ask(gateway, method, params, { authorization: "Bearer a" });
      expect(known.status).toBe(200);
    }
  },
);

describe("reload", () => {
  it("drops the cached responses of an upstream whose server was replaced", async () => {
    const gateway = await gatewayOf();
    await ask(gateway, "server/discover");
    await gateway.reload({ ...quiet, upstreams: { one: { url: two.url, verify: "upstream" } } });
    const { body } = await ask(gateway, "server/discover");
    expect(body.result._meta["io.modelcontextprotocol/serverInfo"].name).toBe("two");
  });

  it.each<[string, Partial<ConfigInput>, string]>([
    ["is invalid", { routes: [{ to: "other" }] }, "routes[0].to: expected an upstream, one of one"],
    [
      "changes the socket",
      { listen: { port: 1 } },
      "listen.port: expected 0, as in the running gateway; restart",
    ],
    [
      "needs modules in a program without them",
      { upstreams: { m: { module: "m.ts" } } },
      'requires the option "modules"',
    ],
    [
      "has invalid keys",
      { keys: [{ id: "a", secret: "short" }], routes: [{ merge: "all" }] },
      "32 bytes",
    ],
  ])(
    "rejects a configuration that %s and keeps the current one",
    async (_what, change, message) => {
      const gateway = await gatewayOf();
      const next = { ...quiet, upstreams: upstreams(), ...change };
      await expect(gateway.reload(next)).rejects.toThrow(message);
      expect((await ask(gateway, "tools/call", { name: "echo" })).status).toBe(200);
    },
  );

  it("replaces drainMs", async () => {
    let hasBegun = () => {};
    const begun = new Promise<void>((resolve) => {
      hasBegun = resolve;
    });
    const call = () => {
      hasBegun();
      return new Promise<never>(() => {});
    };
    const hold = defineTool({ name: "hold", call });
    const server = createServer({ name: "held", version: "1.0.0", tools: [hold] });
    const held = await serveHttp(server, { port: 0, drainMs: 1 });
    onTestFinished(() => held.close());
    const input = { ...quiet, upstreams: { held: { url: held.url } } };
    const gateway = await startGateway({ ...input, drainMs: 60_000 });
    await gateway.ready();
    const called = ask(gateway, "tools/call", { name: "hold" }).then(
      () => "answered",
      () => "cut off",
    );
    await begun;
    await gateway.reload({ ...input, drainMs: 20 });
    await gateway.close();
    expect(await called).toBe("cut off");
  }, 5000);

  it("keeps the counters of unchanged limits", async () => {
    const limits = [{ rate: { requests: 1, perMs: 60_000 } }];
    const gateway = await gatewayOf({ limits });
    await ask(gateway, "tools/call", { name: "echo" });
    await gateway.reload({ ...quiet, limits, upstreams: upstreams(), routes: [{ to: "one" }] });
    expect((await ask(gateway, "tools/call", { name: "echo" })).status).toBe(429);
  });
});

it("startGateway closes the endpoint if the admin port is in use", async () => {
  const gateway = await gatewayOf({ admin: { port: 0 } });
  const port = Number(new URL(gateway.adminUrl as string).port);
  const second = startGateway({ ...quiet, upstreams: upstreams(), admin: { port } });
  await expect(second).rejects.toMatchObject({ code: "EADDRINUSE", key: "admin", port });
});

it("startGateway names the endpoint if its port is in use", async () => {
  const port = Number(new URL((await gatewayOf()).url).port);
  const second = startGateway({ ...quiet, upstreams: upstreams(), listen: { port } });
  await expect(second).rejects.toMatchObject({
    name: "ListenError",
    key: "listen",
    host: "127.0.0.1",
    port,
    message: `port ${port} is in use; stop the other program, or choose another port with listen.port`,
  });
});
