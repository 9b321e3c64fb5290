import { expect } from "vitest";
import { punctuatedTool } from "../fixture/tools.ts";
import { type Scenario, textOf } from "../scenario.ts";
import { createFixture } from "../server.ts";

export const tools: readonly Scenario[] = [
  {
    name: "a list of tools is complete and in the order of declaration",
    isModern: true,
    run: async (client) => {
      const { tools, nextCursor, ttlMs, cacheScope } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(createFixture().tools.keys());
      expect(nextCursor).toBeUndefined();
      expect(ttlMs).toBeGreaterThan(0);
      expect(cacheScope).toBe("public");
      expect(tools.find(({ name }) => name === "add")).toMatchObject({
        title: "Addition",
        description: "Adds two numbers",
        annotations: { readOnlyHint: true, idempotentHint: true },
        inputSchema: { type: "object", required: ["a", "b"] },
        outputSchema: { type: "object", required: ["sum"] },
      });
    },
  },
  {
    name: "a list can be read page by page, and all pages have the same cache scope",
    isModern: true,
    run: async (client) => {
      const names: string[] = [];
      const scopes = new Set<unknown>();
      let cursor: string | undefined;
      do {
        const page = await client.listToolsPage(cursor);
        expect(page.tools.length).toBeLessThanOrEqual(4);
        names.push(...page.tools.map(({ name }) => name));
        scopes.add(page.cacheScope);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(names).toEqual(createFixture().tools.keys());
      expect(scopes).toEqual(new Set(["public"]));
    },
  },
  {
    name: "a list that changes between pages continues at the same position",
    run: async (client) => {
      const first = await client.listToolsPage();
      await client.callTool("change", { what: "tools" });
      const second = await client.listToolsPage(first.nextCursor);
      const names = [...first.tools, ...second.tools].map(({ name }) => name);
      expect(names).toEqual(createFixture().tools.keys().slice(0, 8));
    },
  },
  {
    name: "a tool returns text",
    run: async (client) => {
      expect(textOf(await client.callTool("echo", { text: "Grüße 🦦 \u2028 \0" }))).toBe(
        "Grüße 🦦 \u2028 \0",
      );
    },
  },
  {
    name: "a tool returns structured content, and its text for clients without support for it",
    isModern: true,
    run: async (client) => {
      const sum = await client.callTool("add", { a: 0.1, b: 2 });
      expect(sum.structuredContent).toEqual({ sum: 2.1 });
      expect(textOf(sum)).toBe('{"sum":2.1}');
      expect((await client.callTool("list")).structuredContent).toEqual([1, 2, 3]);
    },
  },
  {
    name: "a tool returns content of every kind",
    run: async (client) => {
      const { content } = await client.callTool("content");
      expect(content).toEqual([
        { type: "text", text: "text", annotations: { audience: ["user"], priority: 0.5 } },
        { type: "image", data: "AQID", mimeType: "image/png" },
        { type: "audio", data: "BAUG", mimeType: "audio/wav" },
        { type: "resource", resource: { uri: "memo://readme", mimeType: "text/plain", text: "R" } },
        { type: "resource", resource: { uri: "memo://logo", mimeType: "image/png", blob: "Bw==" } },
        { type: "resource_link", uri: "memo://readme", name: "readme" },
      ]);
    },
  },
  {
    name: "a tool may set content, structured content and _meta itself",
    isModern: true,
    run: async (client) => {
      expect(await client.callTool("by_hand")).toMatchObject({
        content: [{ type: "text", text: "one" }],
        structuredContent: { n: 1 },
        _meta: {
          "com.example/trace": "abc",
          "io.modelcontextprotocol/serverInfo": { name: "fixture" },
        },
      });
    },
  },
  {
    name: "a tool may have a name with every kind of permitted character",
    run: async (client) => {
      const text = textOf(await client.callTool(punctuatedTool, { text: "hi" }));
      expect(text).toBe(`${punctuatedTool}: hi`);
    },
  },
  {
    name: "arguments and results may have several megabytes",
    run: async (client) => {
      const text = "ä".repeat(1_500_000);
      expect(textOf(await client.callTool("echo", { text })) === text).toBe(true);
      expect(textOf(await client.callTool("big", { characters: 4_000_000 })).length).toBe(
        4_000_000,
      );
    },
  },
  {
    name: "many concurrent calls each get their own answer",
    run: async (client) => {
      const calls = Array.from({ length: 300 }, async (_, a) => {
        const [sum, echo] = await Promise.all([
          client.callTool("add", { a, b: 1 }),
          client.callTool("echo", { text: `call ${a}` }),
        ]);
        return [sum.structuredContent, textOf(echo)];
      });
      expect(await Promise.all(calls)).toEqual(
        Array.from({ length: 300 }, (_, a) => [{ sum: a + 1 }, `call ${a}`]),
      );
    },
  },
];
