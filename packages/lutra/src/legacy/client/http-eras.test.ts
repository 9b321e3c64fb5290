/** The detection of the era of a server at a URL. */
import { afterEach, describe, expect, it } from "vitest";
import { type Client, type ClientOptions, createClient } from "../../client/node.ts";
import {
  type Answer,
  type OldHttpServer,
  refusal,
  resultOf,
  serveOld,
} from "./fixtures/http-server.ts";
import { createMemoryVerdicts } from "./verdicts.ts";

const open: { close: () => unknown }[] = [];
afterEach(async () => {
  for (const { close } of open.splice(0).reverse()) await close();
});

async function serve(before: Answer): Promise<OldHttpServer> {
  const server = await serveOld(before);
  open.push(server);
  return server;
}

function connect({ url }: { readonly url: string }, options: ClientOptions = {}): Client {
  const client = createClient(url, { verdicts: createMemoryVerdicts(), ...options });
  open.push(client);
  return client;
}

const html = { type: "text/html", body: "<html><body>no</body></html>" };
const legacyOnly = { supported: ["2025-11-25", "2025-06-18"] };
const partial = { tools: [] };

describe("a legacy server over HTTP", () => {
  it.each<[string, Answer]>([
    ["400 and -32000", refusal(-32000, 400)],
    ["400 and -32600", refusal(-32600, 400)],
    ["400 and -32602", refusal(-32602, 400)],
    ["404 and -32601", refusal(-32601, 404)],
    ["200 and -32601", refusal(-32601, 200)],
    ["200 and -32603", refusal(-32603, 200)],
    ["400 and -32022 with legacy versions", refusal(-32022, 400, legacyOnly)],
    ["400 without a body", { status: 400 }],
    ["404 without a body", { status: 404 }],
    ["405", { status: 405 }],
    ["406", { status: 406 }],
    ["415", { status: 415 }],
    ["500 and HTML", { status: 500, ...html }],
    ["404 and HTML", { status: 404, ...html }],
    ["200 and HTML", html],
    ["200 and other JSON", { body: '{"ok":true}' }],
    ["200 and no JSON", { body: "ok" }],
    ["200 and an empty stream", { type: "text/event-stream", body: ": nothing\n\n" }],
    ["202", { status: 202 }],
    ["301", { status: 301, ...html }],
    ["a closed connection", { fault: "close" }],
    ["a result without a type", resultOf(partial)],
    ["the versions that it supports", resultOf({ supportedVersions: ["2025-06-18"] })],
  ])("is recognised by %s", async (_what, before) => {
    const server = await serve(before);
    const client = connect(server);
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(client.serverEra).toBe("legacy");
    expect(server.seen.filter((method) => method === "initialize")).toHaveLength(1);
  });

  it("is reached with a fetch that is not called as a method, which browsers refuse", async () => {
    const server = await serve(refusal(-32000, 400));
    const strict = function (this: unknown, ...args: Parameters<typeof fetch>) {
      if (this !== undefined) throw new TypeError("Illegal invocation");
      return fetch(...args);
    };
    const client = connect(server, { fetch: strict });
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(client.serverEra).toBe("legacy");
  });

  it("is recognised by its silence", async () => {
    const server = await serve({ fault: "silent" });
    const client = connect(server, { probeTimeoutMs: 100 });
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(client.serverEra).toBe("legacy");
  });

  it("gets no further probe from a client that shares the verdicts", async () => {
    const server = await serve(refusal(-32000, 400));
    const verdicts = createMemoryVerdicts();
    await connect(server, { verdicts }).listTools();
    server.seen.length = 0;
    await connect(server, { verdicts }).listTools();
    expect(server.seen).toEqual(["initialize", "notifications/initialized", "tools/list"]);
  });

  it("is probed again when it no longer accepts initialize", async () => {
    const server = await serve(refusal(-32000, 400));
    const verdicts = createMemoryVerdicts();
    await connect(server, { verdicts }).listTools();
    server.isModern = true;
    const client = connect(server, { verdicts });
    expect((await client.listTools()).tools).toHaveLength(1);
    expect(client.serverEra).toBe("modern");
  });

  it("is not probed when its era is given", async () => {
    const server = await serve(refusal(-32000, 400));
    await connect(server, { era: "2025-06-18" }).listTools();
    expect(server.seen).toEqual(["initialize", "notifications/initialized", "tools/list"]);
  });

  it("is refused when it speaks a version other than the given one", async () => {
    const server = await serve(refusal(-32000, 400));
    const call = connect(server, { era: "2025-11-25" }).listTools();
    await expect(call).rejects.toThrow(/chose the version 2025-06-18; expected 2025-11-25/);
  });

  it("is refused when the era is modern", async () => {
    const server = await serve(refusal(-32000, 400));
    await expect(connect(server, { era: "modern" }).listTools()).rejects.toMatchObject({
      code: -32000,
    });
    expect(server.seen).toEqual(["tools/list"]);
  });
});

describe("a modern server", () => {
  it("needs no probe", async () => {
    const server = await serve({});
    server.isModern = true;
    const client = connect(server, { verdicts: undefined });
    await client.listTools();
    expect(server.seen).toEqual(["tools/list"]);
    expect(client.serverEra).toBe("modern");
  });

  it("is recognised by server/discover after an error that either era may send", async () => {
    const server = await serve({});
    server.isModern = true;
    const client = connect(server);
    await expect(client.listPrompts()).rejects.toMatchObject({ code: -32601 });
    expect(client.serverEra).toBe("modern");
    expect(server.seen).toEqual(["prompts/list", "server/discover"]);
  });

  it.each([401, 403, 429, 503])(
    "is not probed after HTTP %i, which says nothing",
    async (status) => {
      const server = await serve({ status });
      const client = connect(server);
      await expect(client.listTools()).rejects.toMatchObject({ status });
      expect(client.serverEra).toBeUndefined();
      expect(server.seen).toEqual(["tools/list"]);
    },
  );

  it("that breaks the first connections, and then accepts sessions, too, stays modern", async () => {
    const { createServer } = await import("../../server/index.ts");
    const { createFetchHandler } = await import("../../transport/http/index.ts");
    const handler = createFetchHandler(createServer({ name: "both", version: "1" }));
    let broken = 2;
    const fetch = (async (url: string, init: RequestInit) => {
      broken -= 1;
      if (broken >= 0) throw new TypeError("the connection was reset");
      return handler(new Request(url, init));
    }) as typeof globalThis.fetch;
    const client = connect({ url: "http://both.example.com/mcp" }, { fetch });
    await client.discover().catch(() => {});
    expect(client.serverEra).toBe("modern");
  });

  it("stays of unknown era when the client is closed during the first request", async () => {
    const server = await serve({ fault: "silent" });
    const client = connect(server);
    const closed = expect(client.listTools()).rejects.toMatchObject({ reason: "closed" });
    await expect.poll(() => server.seen).toEqual(["tools/list"]);
    await client.close();
    await closed;
    expect(server.seen).toEqual(["tools/list"]);
  });

  it("that cannot be reached is not probed", async () => {
    const server = await serve({});
    server.close();
    await expect(connect(server).listTools()).rejects.toMatchObject({ reason: "closed" });
  });
});
