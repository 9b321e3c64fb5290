import { createHash } from "node:crypto";
import { request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { createServer } from "../../server/create-server.ts";
import { definePrompt } from "../../server/prompts.ts";
import { defineResource, defineResourceTemplate } from "../../server/resources.ts";
import type { ServerOptions } from "../../server/server-options.ts";
import { defineTool } from "../../server/tools.ts";
import { bearerTokens } from "./bearer-tokens.ts";
import { parsePage } from "./fixtures/parse-page.ts";
import { type HttpEndpoint, type ServeHttpOptions, serveHttp } from "./node-serve.ts";

const open: HttpEndpoint[] = [];
afterEach(() => Promise.all(open.splice(0).map(({ close }) => close())));

const hostile = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "</code></h3><h1>Other",
  "</style><style>*{display:none}",
  "&lt;b&gt; &amp; &",
  "a\u202eb\u0000c\u2028d",
] as const;

async function start(server: Partial<ServerOptions> = {}, options: ServeHttpOptions = {}) {
  const own = createServer({ name: "test", version: "1.2.3", ...server });
  const endpoint = await serveHttp(own, { port: 0, drainMs: 100, ...options });
  open.push(endpoint);
  return { ...endpoint, root: `http://127.0.0.1:${endpoint.port}` };
}

const browser = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };

async function pageAt(url: string) {
  const response = await fetch(url, { headers: browser });
  return { response, ...parsePage(await response.text()) };
}

const full: Partial<ServerOptions> = {
  title: "Test server",
  description: "Serves tests",
  instructions: "Call add first",
  tools: [
    defineTool({
      name: "add",
      title: "Addition",
      description: "Adds two numbers",
      inputSchema: {
        type: "object",
        properties: { a: { type: "number" }, b: { type: "number" } },
        required: ["a"],
      },
      call: () => "",
    }),
  ],
  resources: [
    defineResource({ uri: "a:b", name: "notes", mimeType: "text/plain", read: () => "" }),
  ],
  resourceTemplates: [
    defineResourceTemplate({ uriTemplate: "a:{id}", name: "by id", read: () => "" }),
  ],
  prompts: [
    definePrompt({
      name: "review",
      description: "Reviews code",
      arguments: { file: { required: true } },
      get: () => "",
    }),
  ],
};

describe("the page at /", () => {
  it("shows the server, its offer and how to connect", async () => {
    const { root, url } = await start(full);
    const { response, text, elements } = await pageAt(root);
    expect(response.status).toBe(200);
    for (const part of ["Test server", "1.2.3", "Serves tests", "Call add first", url]) {
      expect(text).toContain(part);
    }
    expect(text).toContain("Arguments: a (number), b (number, optional)");
    expect(text).toContain("Arguments: file");
    for (const part of [
      "Adds two numbers",
      "a:b",
      "text/plain",
      "a:{id}",
      "Reviews code",
      "file",
    ]) {
      expect(text).toContain(part);
    }
    const ids = elements.flatMap(({ attributes: { id } }) => id ?? []);
    expect(ids).toEqual([
      "connect",
      "instructions",
      "tools",
      "resources",
      "resourceTemplates",
      "prompts",
    ]);
  });

  it("has links that resolve, and no other references", async () => {
    const { root } = await start(full);
    const { elements } = await pageAt(root);
    const ids = new Set(elements.map(({ attributes: { id } }) => `#${id}`));
    const links = elements.filter(({ name }) => name === "a");
    expect(links.length).toBeGreaterThan(4);
    for (const { attributes } of links) expect(ids).toContain(attributes.href);
    for (const { attributes } of elements) expect(attributes).not.toHaveProperty("src");
  });

  it("allows its own stylesheet and nothing else", async () => {
    const { root } = await start();
    const { response, style, elements } = await pageAt(root);
    const hash = createHash("sha256").update(style).digest("base64");
    expect(response.headers.get("content-security-policy")).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(elements.map(({ name }) => name)).not.toContain("script");
  });

  it("escapes every text of the server", async () => {
    const { root } = await start({
      title: hostile[0],
      description: hostile[1],
      instructions: hostile[4],
      resources: hostile.map((text, index) =>
        defineResource({ uri: `a:${index}`, name: text, description: text, read: () => "" }),
      ),
      prompts: hostile.map((text) =>
        definePrompt({ name: text, title: text, arguments: { [text]: {} }, get: () => "" }),
      ),
    });
    const { text, elements } = await pageAt(root);
    for (const one of hostile) expect(text).toContain(one);
    const names = new Set(elements.map(({ name }) => name));
    for (const name of ["script", "img", "b"]) expect(names).not.toContain(name);
    expect(elements.filter(({ name }) => name === "h1")).toHaveLength(1);
    const attributes = elements.flatMap((one) => Object.keys(one.attributes));
    expect(attributes.filter((name) => name.startsWith("on"))).toEqual([]);
  });

  it("shows the first 100 entries of a list and their number", async () => {
    const tools = Array.from({ length: 250 }, (_, index) =>
      defineTool({ name: `tool-${index}`, call: () => "" }),
    );
    const { root } = await start({ tools, pageSize: 60 });
    const { text } = await pageAt(root);
    expect(text).toContain("tool-99");
    expect(text).not.toContain("tool-100");
    expect(text).toContain("The first 100 of 250.");
  });

  it("counts a bounded number of pages", async () => {
    const tools = Array.from({ length: 50 }, (_, index) =>
      defineTool({ name: `tool-${index}`, call: () => "" }),
    );
    const { root } = await start({ tools, pageSize: 2 });
    expect((await pageAt(root)).text).toContain("The first 20 of more than 20.");
  });

  it("cuts long texts", async () => {
    const description = "x".repeat(100_000);
    const { root } = await start({
      tools: [defineTool({ name: "t", description, call: () => "" })],
    });
    expect((await pageAt(root)).text.length).toBeLessThan(4000);
  });

  it.each([
    [{ enum: ["fast", "slow", 3] }, ' ("fast" or "slow" or 3, optional)'],
    [{ const: "only" }, ' ("only", optional)'],
    [{ type: ["string", "null"] }, " (string or null, optional)"],
    [{ anyOf: [{ type: "integer" }, { type: "null" }] }, " (integer or null, optional)"],
    [{ type: "array", items: { type: "string" } }, " (array of string, optional)"],
    [{ type: "array" }, " (array, optional)"],
    [{ anyOf: [{ type: "integer" }, {}] }, " (optional)"],
    [{ enum: Array.from({ length: 10 }, (_, index) => index) }, " or 7 or 2 more, optional)"],
    [{ const: "x".repeat(10_000) }, `${"x".repeat(199)}…, optional)`],
    [true, " (optional)"],
  ])("shows the type of an argument: %j", async (schema, shown) => {
    const inputSchema = { type: "object", properties: { speed: schema } } as const;
    const { root } = await start({
      tools: [defineTool({ name: "t", inputSchema, call: () => "" })],
    });
    expect((await pageAt(root)).text).toMatch(/Arguments: speed \(/);
    expect((await pageAt(root)).text).toContain(shown);
  });

  it("does not repeat a Host that is not a name", async () => {
    const { port } = await start({}, { allowedHosts: ["'$(x)'"], page: true });
    const text = await new Promise<string>((resolve, reject) => {
      const headers = { ...browser, host: "'$(x)'" };
      const sent = request({ port, host: "127.0.0.1", path: "/", headers }, (res) => {
        let body = "";
        res.on("data", (chunk) => (body += chunk));
        res.on("end", () => resolve(body));
      });
      sent.on("error", reject).end();
    });
    expect(parsePage(text).text).toContain("http://localhost/mcp");
    expect(text).not.toContain("$(x)");
  });
});

describe("the page and access", () => {
  const secret = { ...full, title: "Secret", tools: full.tools ?? [] };

  it("shows nothing of a server that requires credentials", async () => {
    const authenticate = bearerTokens([{ token: "a-token-of-enough-length", id: "ana" }]);
    const { root } = await start(secret, { authenticate });
    const headers = { ...browser, authorization: "Bearer a-token-of-enough-length" };
    for (const sent of [browser, headers]) {
      const text = await (await fetch(root, { headers: sent })).text();
      expect(text).toContain("requires credentials");
      expect(text).toContain("-H &#39;Authorization: Bearer &lt;token&gt;&#39;");
      expect(text).toContain("headers: { authorization: &quot;Bearer &lt;token&gt;&quot; }");
      expect(text).toContain("--header &#39;Authorization: Bearer &lt;token&gt;&#39;");
      for (const part of ["Secret", "1.2.3", "add", "notes", "review"]) {
        expect(text.replace(/<style>[\s\S]*<\/style>/, "")).not.toContain(part);
      }
    }
  });

  it("shows what anonymous callers may list", async () => {
    const authenticate = bearerTokens([{ token: "a-token-of-enough-length", id: "ana" }]);
    const { root } = await start(secret, { authenticate, anonymous: true });
    expect((await pageAt(root)).text).toContain("Adds two numbers");
  });

  it("leaves out lists that a middleware refuses to callers without credentials", async () => {
    const { root } = await start({
      ...full,
      middleware: [
        (next) => async (request, context) => {
          const isFree = request.method === "server/discover" || context.header === undefined;
          if (!isFree && context.header?.("authorization") === undefined) throw new Error("no");
          return next(request, context);
        },
      ],
      onError: () => {},
    });
    const { text } = await pageAt(root);
    expect(text).toContain("Test server");
    expect(text).not.toContain("Adds two numbers");
  });

  it("refuses a foreign Host and a foreign Origin", async () => {
    const { port, root } = await start(full);
    const status = await new Promise((resolve, reject) => {
      const headers = { ...browser, host: "evil.example" };
      const sent = request({ port, host: "127.0.0.1", path: "/", headers }, (res) => {
        res.resume();
        resolve(res.statusCode);
      });
      sent.on("error", reject).end();
    });
    expect(status).toBe(403);
    const headers = { ...browser, origin: "https://evil.example" };
    expect((await fetch(root, { headers })).status).toBe(403);
  });

  it("can be switched off", async () => {
    const { root, url } = await start(full, { page: false });
    expect((await fetch(root, { headers: browser })).status).toBe(404);
    const answer = await fetch(url, { headers: browser });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      405,
      "text/plain; charset=utf-8",
    ]);
  });
});

describe("basic/transports/streamable-http#earlier-streamable-http-revisions: GET of the endpoint", () => {
  it("answers a browser with 405 and the page", async () => {
    const { url } = await start(full);
    const { response, text } = await pageAt(url);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    expect(text).toContain("Adds two numbers");
  });

  it("answers other clients with 405 and a command that works", async () => {
    const { url } = await start(full);
    const response = await fetch(url);
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const text = await response.text();
    expect(text).toContain(`curl '${url}'`);
    const sent = [...text.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]);
    const body = /-d '([^']+)'/.exec(text)?.[1] ?? "";
    const posted = await fetch(url, { method: "POST", headers: Object.fromEntries(sent), body });
    expect(posted.status).toBe(200);
    expect(JSON.stringify(await posted.json())).toContain("Adds two numbers");
  });

  it("answers HEAD without a body, and other paths with 404", async () => {
    const { root, url } = await start(full);
    const head = await fetch(root, { method: "HEAD", headers: browser });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await fetch(url, { method: "HEAD" })).status).toBe(405);
    expect((await fetch(`${root}/favicon.ico`, { headers: browser })).status).toBe(404);
  });

  it("gives the page the status 405 where the endpoint is at /", async () => {
    const { root } = await start(full, { path: "/" });
    expect((await fetch(root, { headers: browser })).status).toBe(405);
  });
});

it.each([
  ["a name that is not text", [{ name: { toString: 1 } }]],
  ["a list in a list", [[{ toString: 1 }]]],
])("shows the page although a prompt has %s", async (_what, list) => {
  const odd = { prompts: [{ name: "odd", arguments: list }], resultType: "complete" };
  const middleware: ServerOptions["middleware"] = [
    (next) => async (request, context) =>
      request.method === "prompts/list" ? odd : await next(request, context),
  ];
  const { root } = await start({ ...full, middleware });
  const { response } = await pageAt(root);
  expect(response.status).toBe(200);
});

it("prepares at most 16 pages at once", async () => {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let asked = 0;
  const middleware: ServerOptions["middleware"] = [
    (next) => async (request, context) => {
      asked += 1;
      await answered;
      return await next(request, context);
    },
  ];
  const { root } = await start({ ...full, middleware });
  const first = Array.from({ length: 16 }, () => fetch(root));
  await expect.poll(() => asked).toBe(16);
  const refused = await fetch(root);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  answer();
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual(Array(16).fill(200));
  expect((await fetch(root)).status).toBe(200);
});
