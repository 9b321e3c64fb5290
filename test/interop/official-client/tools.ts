import { MissingRequiredClientCapabilityError } from "@modelcontextprotocol/client";
import { describe, expect, it } from "vitest";
import { secret } from "../../e2e/fixture/secret.ts";
import { punctuatedTool } from "../../e2e/fixture/tools.ts";
import { createFixture } from "../../e2e/server.ts";
import { itWhere } from "../it-where.ts";
import { expectError, type Meeting, nextUpdate } from "./meeting.ts";

export function testTools(meeting: Meeting): void {
  const { call, connect, place, mode } = meeting;

  describe("tools", () => {
    it("collects the pages of the list", async () => {
      const { tools, nextCursor } = await meeting.shared.client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(createFixture().tools.keys());
      expect(nextCursor).toBeUndefined();
      expect(tools[1]).toMatchObject({
        name: "add",
        title: "Addition",
        annotations: { readOnlyHint: true, idempotentHint: true },
        inputSchema: { type: "object", required: ["a", "b"] },
        outputSchema: { type: "object", required: ["sum"] },
      });
    });

    it("goes from page to page by cursor", async () => {
      const { client } = meeting.shared;
      const all = createFixture().prompts.keys();
      // Without a cursor, `listPrompts` of this client collects all pages.
      const first = await client.request({ method: "prompts/list", params: {} });
      expect(first.prompts.map(({ name }) => name)).toEqual(all.slice(0, 4));
      const second = await client.listPrompts({ cursor: first.nextCursor as string });
      expect(second.prompts.map(({ name }) => name)).toEqual(all.slice(4));
      expect(second.nextCursor).toBeUndefined();
    });

    it("gets an error for an invalid cursor", async () => {
      await expectError(meeting.shared.client.listTools({ cursor: "nonsense" }), -32602);
    });

    it("gets text, structured content and every kind of content", async () => {
      expect((await call("echo", { text: "hä 🦦" })).content).toEqual([
        { type: "text", text: "hä 🦦" },
      ]);
      expect(await call("add", { a: 1, b: 2 })).toMatchObject({
        structuredContent: { sum: 3 },
        content: [{ type: "text", text: '{"sum":3}' }],
      });
      expect((await call("list")).structuredContent).toEqual([1, 2, 3]);
      const { content } = await call("content");
      expect(content.map(({ type }) => type)).toEqual([
        "text",
        "image",
        "audio",
        "resource",
        "resource",
        "resource_link",
      ]);
      expect(await call("by_hand")).toMatchObject({
        structuredContent: { n: 1 },
        _meta: { "com.example/trace": "abc" },
      });
    });

    it("gets tool execution errors as results", async () => {
      expect(await call("fail")).toMatchObject({
        isError: true,
        content: [{ type: "text", text: "no otters today" }],
      });
      const invalid = await call("add", { a: 1, b: "two" });
      expect(invalid.isError).toBe(true);
      expect(JSON.stringify(invalid.content)).toContain("Invalid arguments: b");
    });

    it("gets protocol errors with their code, message and data", async () => {
      const unknown = await expectError(call("no_such_tool"), -32602);
      expect(unknown.message).toContain("no_such_tool");
      const refused = await expectError(call("refuse"), -32602);
      expect(refused.message).toContain("not on a Sunday");
      expect(refused.data).toEqual({ day: "Sunday" });
    });

    it("gets the code of an internal error, and not its cause", async () => {
      const error = await expectError(call("break_promise"), -32603);
      expect(error.message).toBe("Internal error");
      expect(JSON.stringify(error)).not.toContain(secret);
    });

    it("gets a result with isError for what a tool throws, and not its cause", async () => {
      const crashed = await call("crash");
      expect(crashed).toMatchObject({ isError: true, content: [{ text: "Internal error" }] });
      expect(JSON.stringify(crashed)).not.toContain(secret);
    });

    it("gets an error that names the missing capability", async () => {
      const { client } = await connect({ capabilities: {} });
      for (const name of ["needs_sampling", "greet"]) {
        const error = await expectError(client.callTool({ name, arguments: {} }), -32021);
        expect(error).toBeInstanceOf(MissingRequiredClientCapabilityError);
      }
      const error = await expectError(client.callTool({ name: "needs_sampling" }), -32021);
      expect(error.data).toMatchObject({ requiredCapabilities: { sampling: {} } });
    });

    it("calls a tool whose name has every kind of permitted character", async () => {
      const { content } = await call(punctuatedTool, { text: "hi" });
      expect(content).toEqual([{ type: "text", text: `${punctuatedTool}: hi` }]);
    });

    it.each([
      ["plain", { country: "AT", limit: 3, exact: true, query: "q" }],
      ["beyond ASCII", { country: "Österreich 🇦🇹" }],
      ["with spaces around", { country: "  AT " }],
      ["empty", { country: "" }],
      ["like the Base64 sentinel", { country: "=?base64?QVQ=?=" }],
      ["with a line break", { country: "A\r\nMcp-Param-Limit: 9" }],
    ])("mirrors arguments that are %s into headers that our server accepts", async (_, args) => {
      await meeting.shared.client.listTools();
      meeting.shared.sent.length = 0;
      const { content } = await call("locate", args);
      expect(content).toEqual([{ type: "text", text: JSON.stringify(args) }]);
      if (place === "stdio") return;
      const names = Object.keys(meeting.shared.sent.at(-1)?.headers ?? {});
      expect(names.filter((name) => name.startsWith("mcp-param-")).sort()).toEqual(
        Object.keys(args)
          .filter((name) => name !== "query")
          .map((name) => `mcp-param-${name}`)
          .sort(),
      );
    });

    it("sends and gets a megabyte", async () => {
      const text = "ö".repeat(1_000_000);
      expect((await call("echo", { text })).content).toEqual([{ type: "text", text }]);
    });

    it("calls many tools at once", async () => {
      const sums = await Promise.all(
        Array.from({ length: 100 }, (_, a) => call("add", { a, b: 1 })),
      );
      expect(sums.map(({ structuredContent }) => structuredContent)).toEqual(
        Array.from({ length: 100 }, (_, a) => ({ sum: a + 1 })),
      );
    });

    // Each step needs another request, which may reach another replica of a fleet.
    itWhere(place !== "fleet")("receives progress while the call runs", async () => {
      const steps: number[] = [];
      const token = `official ${place}`;
      const { content } = await meeting.shared.client.callTool(
        { name: "walk", arguments: { token, steps: 3 } },
        {
          onprogress: ({ progress }) => {
            steps.push(progress);
            void call("go", { token });
          },
        },
      );
      expect(content).toEqual([{ type: "text", text: "there" }]);
      expect(steps).toEqual([1, 2, 3]);
    });

    // Over stdio this client drops the progress that arrives in one chunk with the result: it kept 7
    // and 11 of 900 notifications. A turn of the event loop before the result, which would delay all
    // results after progress, does not help: 2 and 12 of 900.
    itWhere(place !== "stdio")("receives all progress before the result", async () => {
      const seen: unknown[] = [];
      const { content } = await meeting.shared.client.callTool(
        { name: "count", arguments: { to: 3 } },
        { onprogress: (progress) => seen.push(progress) },
      );
      expect(content).toEqual([{ type: "text", text: "counted to 3" }]);
      expect(seen).toEqual([1, 2, 3].map((n) => ({ progress: n, total: 3, message: `at ${n}` })));
    });

    it("receives log messages of at least the requested level, and none without one", async () => {
      const heard: unknown[] = [];
      const { client } = meeting.shared;
      client.setNotificationHandler("notifications/message", ({ params }) => {
        heard.push(params.level);
      });
      await call("speak");
      expect(heard).toEqual([]);
      await client.callTool({
        name: "speak",
        arguments: {},
        _meta: { "io.modelcontextprotocol/logLevel": "error" },
      });
      expect(heard).toEqual(["error", "critical", "alert", "emergency"]);
    });

    it("cancels a call, and the handler is notified", async () => {
      const { client } = meeting.shared;
      const uri = `cancelled://${place}-${JSON.stringify(mode).length}`;
      const updated = nextUpdate(meeting.shared);
      const subscription = await client.listen({ resourceSubscriptions: [uri] });
      const abort = new AbortController();
      const called = client.callTool(
        { name: "wait", arguments: { token: uri.slice("cancelled://".length) } },
        { signal: abort.signal, onprogress: () => abort.abort("enough") },
      );
      await expect(called).rejects.toThrow("enough");
      expect(await updated).toBe(uri);
      await subscription.close();
    });
  });
}
