import { describe, expect, it, vi } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import type { Server } from "./compile-server.ts";
import { createServer } from "./create-server.ts";
import { ask, contextOf, requestOf } from "./fixtures/ask.ts";
import { definePrompt } from "./prompts.ts";
import { defineResource, defineResourceTemplate } from "./resources.ts";
import { createSealer, randomKeys } from "./seal.ts";
import type { ServerOptions } from "./server-options.ts";
import { defineTool, type ToolDefinition } from "./tools.ts";

const tool = (name: string, text = name) => defineTool({ name, call: () => text });
const names = (count: number) => Array.from({ length: count }, (_, index) => `t${index}`);
const keys = randomKeys();

function serverOf(count: number, options: Partial<ServerOptions> = {}) {
  const tools = names(count).map((name) => tool(name));
  return createServer({ name: "test", version: "1", keys, pageSize: 10, ...options, tools });
}

interface Listed {
  readonly names: string[];
  readonly pages: number;
  readonly scopes: Set<unknown>;
}

/** Follows the cursors to the end, asking a different replica for each page. */
async function listAll(replicas: readonly Server[], between = () => {}): Promise<Listed> {
  const found: string[] = [];
  const scopes = new Set<unknown>();
  let cursor: unknown;
  for (let pages = 1; pages < 1000; pages += 1) {
    const replica = replicas[pages % replicas.length] as Server;
    const page = await ask(replica, "tools/list", cursor === undefined ? {} : { cursor });
    found.push(...(page.tools as { name: string }[]).map(({ name }) => name));
    scopes.add(page.cacheScope);
    if (!("nextCursor" in page)) return { names: found, pages, scopes };
    cursor = page.nextCursor;
    between();
  }
  throw new Error("the pages have no end");
}

describe("server/utilities/pagination", () => {
  it.each([
    [0, 1],
    [1, 1],
    [10, 1],
    [11, 2],
    [20, 2],
    [95, 10],
  ])("%i entries come in %i pages, complete and in order", async (count, pages) => {
    const all = await listAll([serverOf(count)]);
    expect(all).toMatchObject({ names: names(count), pages });
  });

  it("a list of 30,000 entries comes in pages of the same size, complete and in order", async () => {
    const all = await listAll([serverOf(30_000, { pageSize: 1000 })]);
    expect(all).toMatchObject({ names: names(30_000), pages: 30 });
  });

  it("a missing nextCursor is the end of the results", async () => {
    expect(await ask(serverOf(10), "tools/list")).not.toHaveProperty("nextCursor");
    expect(await ask(serverOf(11), "tools/list")).toHaveProperty("nextCursor", expect.any(String));
  });

  it("cursors are opened by another replica with the same keys", async () => {
    const all = await listAll([serverOf(35), serverOf(35), serverOf(35)]);
    expect(all.names).toEqual(names(35));
  });

  it("cursors are stable: the same one gives the same page again", async () => {
    const server = serverOf(25);
    const { nextCursor: cursor } = await ask(server, "tools/list");
    const first = await ask(server, "tools/list", { cursor });
    expect(await ask(server, "tools/list", { cursor })).toEqual(first);
    expect(await ask(server, "tools/list")).toMatchObject({ nextCursor: cursor });
  });

  it("a cursor that is too long is refused before it is decoded", async () => {
    const decode = vi.spyOn(globalThis, "atob");
    const listing = ask(serverOf(1), "tools/list", { cursor: `local.${"A".repeat(65_536)}` });
    await expect(listing).rejects.toMatchObject({ code: -32602 });
    expect(decode).not.toHaveBeenCalled();
    decode.mockRestore();
  });

  it("each of the four lists has pages", async () => {
    const server = createServer({
      name: "test",
      version: "1",
      pageSize: 1,
      tools: [tool("a"), tool("b")],
      prompts: ["a", "b"].map((name) => definePrompt({ name, get: () => "" })),
      resources: ["a:a", "a:b"].map((uri) => defineResource({ uri, name: uri, read: () => "" })),
      resourceTemplates: ["a://{a}", "b://{b}"].map((uriTemplate) =>
        defineResourceTemplate({ uriTemplate, name: uriTemplate, read: () => "" }),
      ),
    });
    const lists = [
      ["tools/list", "tools"],
      ["prompts/list", "prompts"],
      ["resources/list", "resources"],
      ["resources/templates/list", "resourceTemplates"],
    ] as const;
    const cursors: unknown[] = [];
    for (const [method, field] of lists) {
      const { [field]: first, nextCursor: cursor } = await ask(server, method);
      const { [field]: second, ...end } = await ask(server, method, { cursor });
      expect([first, second]).toEqual([[expect.anything()], [expect.anything()]]);
      expect(first).not.toEqual(second);
      expect(end).not.toHaveProperty("nextCursor");
      cursors.push(cursor);
    }
    for (const [index, [method]] of lists.entries()) {
      const foreign = cursors[(index + 1) % cursors.length];
      await expect(ask(server, method, { cursor: foreign })).rejects.toMatchObject({
        code: -32602,
      });
    }
  });

  it.each<[string, (cursor: string) => string]>([
    ["empty, which is a cursor like any other", () => ""],
    ["nonsense", () => "page-2"],
    ["cut off", (cursor) => cursor.slice(0, -1)],
    ["extended", (cursor) => `${cursor}A`],
    ["of another key", (cursor) => cursor.replace("local", "other")],
    ["of no key", (cursor) => cursor.slice(cursor.indexOf("."))],
    ["very long", () => "A".repeat(1_000_000)],
    ["not ASCII", (cursor) => `${cursor}é`],
  ])("invalid cursors SHOULD result in -32602: %s", async (_what, change) => {
    const server = serverOf(25);
    const { nextCursor } = await ask(server, "tools/list");
    const answer = ask(server, "tools/list", { cursor: change(nextCursor as string) });
    await expect(answer).rejects.toMatchObject({ code: -32602, status: 400 });
  });

  it("a cursor of a server with other keys is refused", async () => {
    const { nextCursor: cursor } = await ask(serverOf(25, { keys: randomKeys() }), "tools/list");
    await expect(ask(serverOf(25), "tools/list", { cursor })).rejects.toMatchObject({
      code: -32602,
    });
  });

  it("rejects a value of another purpose that the same key sealed", async () => {
    const cursor = await createSealer(keys).seal({ after: "t9", index: 10 }, "state\n[]");
    await expect(ask(serverOf(25), "tools/list", { cursor })).rejects.toMatchObject({
      code: -32602,
    });
  });

  it("a rotated key ring still opens the cursors of the old key", async () => {
    const { nextCursor: cursor } = await ask(serverOf(25), "tools/list");
    const [fresh] = randomKeys().map((key) => ({ ...key, id: "fresh" }));
    const rotated = serverOf(25, { keys: [fresh as never, ...keys] });
    const page = await ask(rotated, "tools/list", { cursor });
    expect(page.tools).toMatchObject(
      names(20)
        .slice(10)
        .map((name) => ({ name })),
    );
    expect(page.nextCursor).toMatch(/^fresh\./);
  });
});

describe("server/utilities/pagination: a catalogue that changes between pages", () => {
  it("goes on behind the same entry when others were added before it", async () => {
    const server = serverOf(25);
    const { nextCursor: cursor } = await ask(server, "tools/list");
    server.tools.replace(["x", "y", ...names(25)].map((name) => tool(name)));
    const page = await ask(server, "tools/list", { cursor });
    expect(page.tools).toMatchObject(
      names(20)
        .slice(10)
        .map((name) => ({ name })),
    );
  });

  it("goes on where it was when its entry is gone, and ends", async () => {
    const server = serverOf(25);
    let rounds = 0;
    const all = await listAll([server], () => {
      rounds += 1;
      if (rounds === 1) server.tools.remove("t9");
    });
    expect(all.names.slice(0, 10)).toEqual(names(10));
    expect(all.names.at(-1)).toBe("t24");
  });

  it("ends when there is nothing left", async () => {
    const server = serverOf(25);
    const { nextCursor: cursor } = await ask(server, "tools/list");
    server.tools.replace([]);
    const page = await ask(server, "tools/list", { cursor });
    expect(page).toMatchObject({ tools: [] });
    expect(page).not.toHaveProperty("nextCursor");
  });

  it("ends, however often it changes", async () => {
    const server = serverOf(45);
    let rounds = 0;
    const all = await listAll([server], () => {
      rounds += 1;
      server.tools.add(tool(`late${rounds}`));
    });
    expect(all.names.slice(0, 45)).toEqual(names(45));
    expect(new Set(all.names).size).toBe(all.names.length);
  });
});

describe("server/utilities/caching#interaction-with-pagination", () => {
  it("servers MUST apply the same cacheScope to all response pages", async () => {
    for (const cacheScope of ["public", "private"] as const) {
      const all = await listAll([serverOf(35, { cache: { ttlMs: 1, cacheScope } })]);
      expect(all.scopes).toEqual(new Set([cacheScope]));
    }
  });
});

describe("server/tools#capabilities: the list", () => {
  it("is in the order of the declaration, in every answer", async () => {
    const order = ["zebra", "apple", "10", "9", "__proto__", "constructor"];
    const server = createServer({ name: "test", version: "1", tools: order.map((n) => tool(n)) });
    for (let round = 0; round < 3; round += 1) {
      expect((await ask(server, "tools/list")).tools).toMatchObject(
        order.map((name) => ({ name })),
      );
    }
    for (const name of order) {
      expect(await ask(server, "tools/call", { name })).toMatchObject({
        content: [{ text: name }],
      });
    }
    expect(server.tools.keys()).toEqual(order);
  });

  it("MUST NOT vary by earlier requests, by the connection or by who asks", async () => {
    const server = serverOf(3);
    const before = await ask(server, "tools/list");
    await ask(server, "tools/call", { name: "t1" });
    await ask(server, "tools/call", { name: "none" }).catch(() => {});
    const other = { id: "s", principal: { id: "b" }, capabilities: { sampling: {} } } as const;
    expect(await ask(server, "tools/list", {}, other)).toEqual(before);
  });

  it("a caller cannot change the pages of other callers", async () => {
    const server = serverOf(1);
    const result = (await server.serve(requestOf("tools/list"), contextOf())) as {
      tools: JSONObject[];
    };
    expect(() => Object.assign(result, { tools: [] })).toThrow(TypeError);
    expect((await ask(server, "tools/list")).tools).toMatchObject([{ name: "t0" }]);
  });
});

describe("a catalogue at run time", () => {
  const listed = async (server: Server) =>
    ((await ask(server, "tools/list")).tools as { name: string }[]).map(({ name }) => name);

  it("adds, removes and replaces", async () => {
    const server = serverOf(2);
    server.tools.add(tool("x"), tool("y"));
    expect(await listed(server)).toEqual(["t0", "t1", "x", "y"]);
    expect(server.tools.remove("t0", "y", "unknown")).toBe(2);
    expect(await listed(server)).toEqual(["t1", "x"]);
    expect(await ask(server, "tools/call", { name: "x" })).toMatchObject({
      content: [{ text: "x" }],
    });
    await expect(ask(server, "tools/call", { name: "y" })).rejects.toMatchObject({ code: -32602 });
    server.tools.replace([tool("x", "new")]);
    expect(await listed(server)).toEqual(["x"]);
    expect(await ask(server, "tools/call", { name: "x" })).toMatchObject({
      content: [{ text: "new" }],
    });
  });

  it.each<[string, (server: Server) => void]>([
    ["a name that is taken", (server) => server.tools.add(tool("x"), tool("t0"))],
    ["a name twice", (server) => server.tools.replace([tool("x"), tool("x")])],
    ["a bad definition", (server) => server.tools.add(tool("x"), { ...tool("y"), name: "" })],
    [
      "a schema that is not valid",
      (server) =>
        server.tools.replace([{ ...tool("y"), inputSchema: { type: "list" } } as ToolDefinition]),
    ],
  ])("changes as a whole or not at all: %s", async (_what, change) => {
    const server = serverOf(2);
    expect(() => change(server)).toThrow(TypeError);
    expect(await listed(server)).toEqual(["t0", "t1"]);
    await expect(ask(server, "tools/call", { name: "x" })).rejects.toMatchObject({ code: -32602 });
  });

  it("calls in flight end with the definition they began with", async () => {
    let release = () => {};
    const slow = defineTool({
      name: "slow",
      call: () => new Promise<string>((resolve) => (release = () => resolve("done"))),
    });
    const server = createServer({ name: "test", version: "1", tools: [slow] });
    const answer = ask(server, "tools/call", { name: "slow" });
    await Promise.resolve();
    server.tools.remove("slow");
    release();
    expect(await answer).toMatchObject({ content: [{ text: "done" }] });
  });

  it.each(["tools", "prompts", "resources", "resourceTemplates"] as const)(
    "rejects additions to a list that the server did not declare: %s",
    (category) => {
      const server = createServer({ name: "test", version: "1" });
      expect(() => server[category].add()).toThrow(TypeError);
      expect(() => server[category].replace([])).toThrow(`createServer: ${category}: `);
      const empty = createServer({ name: "test", version: "1", [category]: [] });
      expect(() => empty[category].replace([])).not.toThrow();
    },
  );

  it("resources may be added where only templates were declared, and the other way round", () => {
    const server = createServer({ name: "test", version: "1", resourceTemplates: [] });
    expect(() => server.resources.replace([])).not.toThrow();
    const other = createServer({ name: "test", version: "1", resources: [] });
    expect(() => other.resourceTemplates.replace([])).not.toThrow();
  });
});
