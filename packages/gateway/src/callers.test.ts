import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bearerTokens } from "lutra/node";
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { loadConfig } from "./config/load.ts";
import type { ParsedConfig } from "./config/parse-config.ts";
import type { ConfigInput } from "./config/schema.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import type { GatewayOptions } from "./gateway-options.ts";

/** An upstream that records the headers of calls, and not those of the gateway's own requests. */
const received: IncomingHttpHeaders[] = [];
let url = "";
beforeAll(async () => {
  const server = createHttpServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const { id, method } = JSON.parse(Buffer.concat(chunks).toString());
    if (method === "tools/call") received.push(req.headers);
    const result = { resultType: "complete", tools: [], content: [], ttlMs: 0, method };
    res.setHeader("content-type", "application/json");
    res.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  return () => {
    server.closeAllConnections();
    server.close();
  };
});
afterEach(() => void received.splice(0));

const ana = { id: "ana", token: "a-token-of-ana-123" };
const bo = { id: "bo", token: "b-token-of-bo-4567", scopes: ["read"] };
const quiet = { listen: { port: 0 }, admin: false, log: false } as const;

async function start(input: ConfigInput | ParsedConfig, options: GatewayOptions = {}) {
  const gateway = await startGateway(input, { notice: () => {}, ...options });
  onTestFinished(() => gateway.close());
  await gateway.ready();
  return gateway;
}

const configOf = (config: Partial<ConfigInput>): ConfigInput => ({
  ...quiet,
  upstreams: { one: { url, verify: "upstream" } },
  ...config,
});

async function call(gateway: Gateway, headers: { readonly [name: string]: string } = {}) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const response = await fetch(gateway.url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "echo",
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 7,
      method: "tools/call",
      params: { name: "echo", _meta },
    }),
  });
  await response.text();
  return { status: response.status, challenge: response.headers.get("www-authenticate") };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe("auth.tokens", () => {
  it("lets only callers with a token pass", async () => {
    const gateway = await start(configOf({ auth: { tokens: [ana, bo] } }));
    expect(await call(gateway)).toEqual({ status: 401, challenge: "Bearer" });
    expect(await call(gateway, bearer("a-token-of-ana-124"))).toEqual({
      status: 401,
      challenge: 'Bearer error="invalid_token"',
    });
    expect((await call(gateway, bearer(ana.token))).status).toBe(200);
    expect((await call(gateway, bearer(bo.token))).status).toBe(200);
  });

  it("with `anonymous`, lets callers without credentials pass, and none with wrong ones", async () => {
    const gateway = await start(configOf({ auth: { tokens: [ana], anonymous: true } }));
    expect((await call(gateway)).status).toBe(200);
    expect((await call(gateway, bearer("x".repeat(20)))).status).toBe(401);
  });

  it("names the principals of routes", async () => {
    const routes = [
      { match: { principal: "bo" }, to: "one" },
      { match: {}, deny: "not you" },
    ];
    const gateway = await start(configOf({ auth: { tokens: [ana, bo] }, routes }));
    expect((await call(gateway, bearer(bo.token))).status).toBe(200);
    expect((await call(gateway, bearer(ana.token))).status).toBe(403);
  });

  it("change with a reload, without a new upstream", async () => {
    const gateway = await start(configOf({}));
    expect((await call(gateway)).status).toBe(200);
    await gateway.reload(configOf({ auth: { tokens: [ana] } }));
    expect((await call(gateway)).status).toBe(401);
    await call(gateway, bearer(ana.token));
    expect(received.at(-1)).not.toHaveProperty("authorization");
    await gateway.reload(configOf({ auth: { tokens: [bo] } }));
    expect((await call(gateway, bearer(ana.token))).status).toBe(401);
  });
});

describe("the credentials of callers", () => {
  const authenticate = bearerTokens([ana]);

  it.each<[string, Partial<ConfigInput>, GatewayOptions, boolean]>([
    ["no verification", {}, {}, true],
    ["auth", { auth: { tokens: [ana] } }, {}, false],
    ["forwardCredentials", { auth: { tokens: [ana], forwardCredentials: true } }, {}, true],
    ["the option authenticate", {}, { authenticate }, false],
    ["both options", {}, { authenticate, forwardCredentials: true }, true],
  ])("reach upstreams, forwarded or parsed, with %s: %s", async (_what, config, options, reach) => {
    for (const verify of ["upstream", "gateway"] as const) {
      const gateway = await start(
        configOf({ upstreams: { one: { url, verify } }, ...config }),
        options,
      );
      expect((await call(gateway, bearer(ana.token))).status).toBe(200);
      const sent = received.at(-1)?.authorization;
      expect(sent).toBe(reach ? `Bearer ${ana.token}` : undefined);
    }
  });

  it("do not replace those that are configured for an upstream", async () => {
    const own = { url, headers: { authorization: "Bearer own" } };
    for (const verify of ["upstream", "gateway"] as const) {
      const upstreams = { one: { ...own, verify } };
      const gateway = await start(configOf({ upstreams, auth: { tokens: [ana] } }));
      await call(gateway, bearer(ana.token));
      expect(received.at(-1)?.authorization).toBe("Bearer own");
    }
  });
});

it("a client's x-lutra-principal never reaches an upstream", async () => {
  for (const verify of ["upstream", "gateway"] as const) {
    const gateway = await start(configOf({ upstreams: { one: { url, verify } } }));
    await call(gateway, { "x-lutra-principal": "forged" });
    expect(received.at(-1)).not.toHaveProperty("x-lutra-principal");
  }
});

describe("the scopes of callers", () => {
  const tokens = [ana, bo];

  it.each(["upstream", "gateway"] as const)("decide about routes (verify: %s)", async (verify) => {
    const gateway = await start(
      configOf({
        auth: { tokens },
        upstreams: { one: { url, verify } },
        routes: [{ match: { tool: "echo", scope: "rea*" }, to: "one" }, { deny: "needs read" }],
      }),
    );
    expect((await call(gateway, bearer(bo.token))).status).toBe(200);
    expect((await call(gateway, bearer(ana.token))).status).toBe(403);
  });

  it.each(["upstream", "gateway"] as const)("decide about denials (verify: %s)", async (verify) => {
    const gateway = await start(
      configOf({
        auth: { tokens },
        upstreams: { one: { url, verify } },
        routes: [{ match: { tool: "echo", scope: "read" }, deny: "read only" }, { to: "one" }],
      }),
    );
    expect((await call(gateway, bearer(bo.token))).status).toBe(403);
    expect((await call(gateway, bearer(ana.token))).status).toBe(200);
  });

  it("decide about limits", async () => {
    const rate = { requests: 1, perMs: 3_600_000 };
    const limits = [{ match: { scope: "read" }, rate }];
    const gateway = await start(configOf({ auth: { tokens }, limits }));
    const statusOf = async ({ token }: { readonly token: string }) =>
      (await call(gateway, bearer(token))).status;
    expect([await statusOf(bo), await statusOf(bo)]).toEqual([200, 429]);
    expect([await statusOf(ana), await statusOf(ana)]).toEqual([200, 200]);
  });

  it("are needed at the edge", async () => {
    const gateway = await start(configOf({ auth: { tokens, scopes: ["read"] } }));
    expect((await call(gateway, bearer(bo.token))).status).toBe(200);
    const refused = await call(gateway, bearer(ana.token));
    expect([refused.status, refused.challenge]).toEqual([
      403,
      'Bearer error="insufficient_scope", scope="read"',
    ]);
  });
});

describe("a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "lutra-callers-"));
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const load = (auth: string) =>
    loadConfig(
      write(
        "gateway.yaml",
        `listen: { port: 0 }\nadmin: false\nlog: false\nupstreams: { one: { url: "${url}" } }\nauth: ${auth}\n`,
      ),
    );
  beforeAll(() => () => rmSync(folder, { recursive: true, force: true }));

  it("of tokens is read beside the configuration", async () => {
    write("tokens", `# callers\nana ${ana.token}\n`);
    const gateway = await start(await load("{ tokensFile: tokens }"));
    expect((await call(gateway)).status).toBe(401);
    expect((await call(gateway, bearer(ana.token))).status).toBe(200);
  });

  it("with an own function is imported", async () => {
    write(
      "auth.mjs",
      `export default (header) => header("authorization") === "Bearer x" ? { id: "x" } : undefined;`,
    );
    const gateway = await start(await load("{ module: auth.mjs }"));
    expect((await call(gateway)).status).toBe(401);
    expect((await call(gateway, bearer("x"))).status).toBe(200);
  });

  it.each([
    ["tokensFile: missing", "auth.tokensFile: expected a file, but it does not exist"],
    ["tokensFile: short", "auth.tokensFile: line 1: expected an id, a token"],
    ["tokensFile: empty", "auth.tokensFile: tokens: expected at least one token"],
    ["module: missing.mjs", "auth.module: expected a file, but it does not exist"],
    ["module: none.mjs", "auth.module: expected a function as the default export"],
    ["module: broken.mjs", "auth.module: the module failed to load: no keys"],
  ])("that cannot be used fails the start: %s", async (auth, message) => {
    write("short", "ana secret");
    write("empty", "# nobody\n");
    write("none.mjs", "export const authenticate = () => ({ id: 1 });");
    write("broken.mjs", "throw new Error('no keys');");
    await expect(load(`{ ${auth} }`)).rejects.toThrow(message);
  });

  it("is not ignored when the configuration was not loaded", async () => {
    for (const key of ["tokensFile", "module"] as const) {
      const config = configOf({ auth: { [key]: "x" } });
      await expect(startGateway(config)).rejects.toThrow(`auth.${key}: expected a configuration`);
    }
  });
});

it("refuses both the option and the configuration", async () => {
  const config = configOf({ auth: { tokens: [ana] } });
  const authenticate = () => ({ id: "x" });
  await expect(startGateway(config, { authenticate })).rejects.toThrow("expected either");
});
