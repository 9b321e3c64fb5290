import type { Result, Serve } from "lutra/protocol";
import {
  createServer,
  definePrompt,
  defineResource,
  defineResourceTemplate,
  defineTool,
} from "lutra/server";
import { createManualClock } from "lutra/testing";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { contextOf, fakeUpstream, mergeOf, requestOf } from "./fixtures/upstreams.ts";
import type { Merge } from "./merge.ts";

const tool = (name: string) => defineTool({ name, call: () => name });

const serverOf = (name: string, tools: readonly string[], init: object = {}) =>
  createServer({ name, version: "1.0.0", tools: tools.map(tool), ...init });

const upstreamOf = (name: string, tools: readonly string[], init: object = {}) =>
  fakeUpstream(name, serverOf(name, tools, init));

const namesIn = (result: Result) =>
  (result.tools as readonly { name: string }[]).map(({ name }) => name);

const list = (merge: Merge, params: object = {}, principal?: string) =>
  merge.serve(requestOf("tools/list", { ...params }), contextOf(principal));

async function allPages(merge: Merge, method = "tools/list"): Promise<readonly Result[]> {
  const pages: Result[] = [];
  let params = {};
  for (;;) {
    const page = await merge.serve(requestOf(method, params), contextOf());
    pages.push(page);
    if (page.nextCursor === undefined) return pages;
    params = { cursor: page.nextCursor };
  }
}

describe("a merged list", () => {
  it("keeps the order of upstreams and entries, and adds a prefix only to names that collide", async () => {
    const merge = mergeOf([
      upstreamOf("a", ["search", "zoom"]),
      upstreamOf("b", ["alpha", "search"]),
      upstreamOf("c", ["beta"]),
    ]);
    const names = ["a.search", "zoom", "alpha", "b.search", "beta"];
    expect(namesIn(await list(merge))).toEqual(names);
    expect(namesIn(await list(merge))).toEqual(names);
  });

  it("contains the gateway's identity, and entries as their upstreams sent them", async () => {
    const merge = mergeOf([upstreamOf("a", ["x"])]);
    expect(await list(merge)).toEqual({
      resultType: "complete",
      tools: [{ name: "x", inputSchema: { type: "object", additionalProperties: false } }],
      ttlMs: 300_000,
      cacheScope: "public",
      _meta: { "io.modelcontextprotocol/serverInfo": { name: "merged", version: "1.0.0" } },
    });
  });

  it("merges resources, templates and prompts", async () => {
    const server = (name: string) =>
      createServer({
        name,
        version: "1.0.0",
        resources: [defineResource({ uri: "file:///same", name: "same", read: () => name })],
        resourceTemplates: [
          defineResourceTemplate({ uriTemplate: `${name}://{id}`, name: "t", read: () => name }),
        ],
        prompts: [definePrompt({ name: "greet", get: () => name })],
      });
    const merge = mergeOf([fakeUpstream("a", server("a")), fakeUpstream("b", server("b"))]);
    const ask = (method: string) => merge.serve(requestOf(method), contextOf());
    expect((await ask("resources/list")).resources).toMatchObject([
      { uri: "a+file:///same" },
      { uri: "b+file:///same" },
    ]);
    expect((await ask("resources/templates/list")).resourceTemplates).toMatchObject([
      { uriTemplate: "a://{id}" },
      { uriTemplate: "b://{id}" },
    ]);
    expect((await ask("prompts/list")).prompts).toMatchObject([
      { name: "a.greet" },
      { name: "b.greet" },
    ]);
  });

  it("counts as complete without upstreams that do not support the list", async () => {
    const merge = mergeOf([
      fakeUpstream("a", createServer({ name: "a", version: "1.0.0" })),
      upstreamOf("b", ["x"]),
    ]);
    const result = await list(merge);
    expect(namesIn(result)).toEqual(["x"]);
    expect(result).toMatchObject({ ttlMs: 300_000, cacheScope: "public" });
    expect(result._meta).not.toHaveProperty("dev.lutra/missing");
  });

  it("answers methodNotFound if no upstream supports the list", async () => {
    const merge = mergeOf([upstreamOf("a", ["x"])]);
    const asked = merge.serve(requestOf("prompts/list"), contextOf());
    await expect(asked).rejects.toMatchObject({ code: -32601, status: 404 });
  });
});

describe("a missing upstream", () => {
  it.each([
    ["resources/list", "resources"],
    ["resources/templates/list", "resourceTemplates"],
    ["prompts/list", "prompts"],
  ])("leaves %s empty if the others do not support it", async (method, field) => {
    const [a, b] = [upstreamOf("a", ["x"]), upstreamOf("b", ["y"])];
    const merge = mergeOf([a, b]);
    b.isDown = true;
    const result = await merge.serve(requestOf(method), contextOf());
    expect(result).toMatchObject({
      [field]: [],
      ttlMs: 0,
      cacheScope: "private",
      _meta: { "dev.lutra/missing": ["b"] },
    });
    a.isDown = true;
    await expect(merge.serve(requestOf(method), contextOf())).rejects.toMatchObject({
      status: 502,
    });
  });

  it("leaves a missing upstream out of the list, which is then not cacheable", async () => {
    const [a, b] = [upstreamOf("a", ["x"]), upstreamOf("b", ["y"])];
    const merge = mergeOf([a, b]);
    b.isDown = true;
    const result = await list(merge);
    expect(namesIn(result)).toEqual(["x"]);
    expect(result).toMatchObject({
      ttlMs: 0,
      cacheScope: "private",
      _meta: { "dev.lutra/missing": ["b"] },
    });
    expect(merge.warnings).toEqual(['tools/list: upstream "b" did not answer']);
  });

  it("keeps the names of a missing upstream, so that the names of others do not change", async () => {
    const [a, b] = [upstreamOf("a", ["search"]), upstreamOf("b", ["search"])];
    const merge = mergeOf([a, b]);
    await list(merge);
    b.isDown = true;
    expect(namesIn(await list(merge))).toEqual(["a.search"]);
  });

  it("counts a slow, malformed or endless upstream as missing", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const silent = fakeUpstream("silent", { serve: () => new Promise(() => {}) });
    const odd = fakeUpstream("odd", { serve: async () => ({ tools: "none" }) });
    const endless = fakeUpstream("endless", {
      serve: async () => ({ tools: [], nextCursor: "again" }),
    });
    const merge = mergeOf([silent, odd, endless, upstreamOf("a", ["x"])], { partMs: 10 });
    const listed = list(merge);
    await vi.advanceTimersByTimeAsync(10);
    const result = await listed;
    expect(namesIn(result)).toEqual(["x"]);
    expect(result._meta).toMatchObject({ "dev.lutra/missing": ["silent", "odd", "endless"] });
    expect(endless.requests).toHaveLength(2);
  });

  it("fails with the error of an upstream if none answers", async () => {
    const [a, b] = [upstreamOf("a", ["x"]), upstreamOf("b", ["y"])];
    a.isDown = true;
    b.isDown = true;
    await expect(list(mergeOf([a, b]))).rejects.toMatchObject({
      code: -32603,
      status: 502,
      data: { upstream: "a" },
    });
  });
});

describe("the freshness of a merged list", () => {
  const part = (name: string, ttlMs: number, cacheScope: "public" | "private" = "public") =>
    upstreamOf(name, [name], { cache: { ttlMs, cacheScope } });

  it("takes the shortest ttlMs of the parts, and is private if any part is", async () => {
    const merge = mergeOf([part("a", 5000), part("b", 1000, "private")]);
    expect(await list(merge)).toMatchObject({ ttlMs: 1000, cacheScope: "private" });
  });

  it("has a ttlMs of zero if a part has", async () => {
    const merge = mergeOf([part("a", 5000), part("b", 0)]);
    expect(await list(merge)).toMatchObject({ ttlMs: 0, cacheScope: "public" });
  });
});

describe("server/utilities/pagination", () => {
  const many = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${prefix}${index}`);

  it("pages through all upstreams, regardless of the size of their pages", async () => {
    const a = upstreamOf("a", many("a", 5), { pageSize: 2 });
    const merge = mergeOf([a, upstreamOf("b", many("b", 4))], { pageSize: 3 });
    const pages = await allPages(merge);
    expect(pages.map(namesIn)).toEqual([
      ["a0", "a1", "a2"],
      ["a3", "a4", "b0"],
      ["b1", "b2", "b3"],
    ]);
  });

  it("shows the same entries while a client reads the pages", async () => {
    const server = serverOf("a", many("a", 4));
    const merge = mergeOf([fakeUpstream("a", server)], { pageSize: 2 });
    const { nextCursor } = await list(merge);
    server.tools.remove("a3");
    server.tools.add(tool("new"));
    expect(namesIn(await list(merge, { cursor: nextCursor }))).toEqual(["a2", "a3"]);
  });

  it("reads the upstreams once for all pages", async () => {
    const a = upstreamOf("a", many("a", 9));
    const pages = await allPages(mergeOf([a], { pageSize: 2 }));
    expect(pages).toHaveLength(5);
    expect(a.requests).toHaveLength(1);
  });

  it("continues on another gateway with the same keys, after the last entry", async () => {
    const server = serverOf("a", many("a", 4));
    const upstreams = [fakeUpstream("a", server), upstreamOf("b", ["b0"])];
    const { nextCursor } = await list(mergeOf(upstreams, { pageSize: 2 }));
    server.tools.remove("a0");
    const other = mergeOf(upstreams, { pageSize: 2 });
    expect(namesIn(await list(other, { cursor: nextCursor }))).toEqual(["a2", "a3"]);
  });

  it("continues with the next upstream if that of the cursor is missing", async () => {
    const a = upstreamOf("a", many("a", 4));
    const upstreams = [a, upstreamOf("b", ["b0"])];
    const { nextCursor } = await list(mergeOf(upstreams, { pageSize: 2 }));
    a.isDown = true;
    const page = await list(mergeOf(upstreams, { pageSize: 2 }), { cursor: nextCursor });
    expect(namesIn(page)).toEqual(["b0"]);
  });

  it("subtracts the age of the list from the freshness of later pages", async () => {
    const clock = createManualClock();
    const merge = mergeOf([upstreamOf("a", many("a", 3))], { pageSize: 2, now: clock.now });
    const { nextCursor } = await list(merge);
    clock.advance(1000);
    expect(await list(merge, { cursor: nextCursor })).toMatchObject({ ttlMs: 299_000 });
  });

  it("reads at most maxPages of an upstream, and then marks it as missing", async () => {
    const a = upstreamOf("a", many("a", 9), { pageSize: 2 });
    const result = await list(mergeOf([a], { maxPages: 2 }));
    expect(namesIn(result)).toEqual(many("a", 4));
    expect(result).toMatchObject({ ttlMs: 0, _meta: { "dev.lutra/missing": ["a"] } });
  });

  it.each(["elsewhere", "", "k.AAAA"])("refuses the cursor %j with -32602", async (cursor) => {
    const merge = mergeOf([upstreamOf("a", ["x"])]);
    await expect(list(merge, { cursor })).rejects.toMatchObject({ code: -32602 });
  });

  it("refuses a modified cursor, and a cursor of another list", async () => {
    const merge = mergeOf([upstreamOf("a", many("a", 3), { prompts: [] })], { pageSize: 2 });
    const { nextCursor } = await list(merge);
    const tampered = `${nextCursor}A`;
    await expect(list(merge, { cursor: tampered })).rejects.toMatchObject({ code: -32602 });
    const elsewhere = merge.serve(requestOf("prompts/list", { cursor: nextCursor }), contextOf());
    await expect(elsewhere).rejects.toMatchObject({ code: -32602 });
  });

  it("accepts the cursor of a public list from any caller", async () => {
    const merge = mergeOf([upstreamOf("a", many("a", 3))], { pageSize: 2 });
    const { nextCursor } = await list(merge, {}, "ada");
    expect(namesIn(await list(merge, { cursor: nextCursor }, "bob"))).toEqual(["a2"]);
  });

  it("applies the same cacheScope to all pages", async () => {
    const cache = { ttlMs: 1, cacheScope: "private" } as const;
    const a = upstreamOf("a", many("a", 3), { cache });
    const { nextCursor } = await list(mergeOf([a], { pageSize: 2 }));
    const open = mergeOf([upstreamOf("a", many("a", 3))], { pageSize: 2 });
    expect(await list(open, { cursor: nextCursor })).toMatchObject({ cacheScope: "private" });
  });
});

describe("a private list", () => {
  /** A server with other tools for each caller. */
  const personal: Serve = async (_request, { principal }) => ({
    resultType: "complete",
    tools: ["1", "2", "3"].map((n) => ({ name: `${principal?.id}${n}`, inputSchema: {} })),
    ttlMs: 1000,
    cacheScope: "private",
  });

  it("never sends the private list of one caller to another", async () => {
    const merge = mergeOf([fakeUpstream("a", { serve: personal })], { pageSize: 2 });
    const { nextCursor } = await list(merge, {}, "ada");
    expect(namesIn(await list(merge, {}, "bob"))).toEqual(["bob1", "bob2"]);
    const stolen = list(merge, { cursor: nextCursor }, "bob");
    await expect(stolen).rejects.toMatchObject({ code: -32602 });
    expect(namesIn(await list(merge, { cursor: nextCursor }, "ada"))).toEqual(["ada3"]);
  });

  it("changes the names of other upstreams only for its caller", async () => {
    const b = fakeUpstream("b", { serve: personal });
    const merge = mergeOf([upstreamOf("a", ["ada1"]), b]);
    const first = async (caller: string) => namesIn(await list(merge, {}, caller))[0];
    expect(await first("ada")).toBe("a.ada1");
    expect(await first("bob")).toBe("ada1");
    expect(await first("ada")).toBe("a.ada1");
  });
});
