/** Our client against a server made of the official SDK 2.4.0, over HTTP and stdio. */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Client, ClientOptions, Subscription } from "lutra/client";
import { cacheStatusOf, createClient } from "lutra/client";
import { createStdioTransport } from "lutra/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectRefusal, textOf } from "../e2e/scenario.ts";
import { accept, createUser, haiku, roots } from "../e2e/user.ts";
import { serveOfficial } from "./fixtures/official-http.ts";
import { itWhere } from "./it-where.ts";

const program = fileURLToPath(new URL("fixtures/official-stdio.ts", import.meta.url));
const command = { command: process.execPath, args: ["--import", "tsx", program] };

describe.each(["http", "stdio"] as const)("an official server over %s", (place) => {
  const user = createUser();
  const close: (() => Promise<unknown>)[] = [];
  let connect: (options?: ClientOptions) => Client;
  let client: Client;

  beforeAll(async () => {
    const endpoint = place === "http" ? await serveOfficial() : undefined;
    if (endpoint) close.push(endpoint.close);
    connect = (options) => {
      const made = createClient(endpoint?.url ?? command, options);
      close.push(made.close);
      return made;
    };
    client = connect(user.options);
  });

  afterAll(async () => {
    for (const end of close.reverse()) await end();
  });

  it("is discovered", async () => {
    expect(await client.discover()).toMatchObject({
      supportedVersions: ["2026-07-28"],
      instructions: "Ask the official way.",
      capabilities: { tools: { listChanged: true }, resources: { subscribe: true } },
    });
  });

  it("lists its tools, and the list is kept", async () => {
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("locate");
    expect(cacheStatusOf(await client.listTools())).toBe("fresh");
  });

  it("lists page by page, also behind an empty cursor", async () => {
    const first = await client.listPromptsPage();
    expect(first).toMatchObject({ nextCursor: "" });
    expect((await client.listPromptsPage("")).prompts.map(({ name }) => name)).toEqual(["third"]);
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(["greet", "interview", "third"]);
  });

  it("calls tools that return text and structured content", async () => {
    expect(textOf(await client.callTool("echo", { text: "hä 🦦" }))).toBe("hä 🦦");
    expect((await client.callTool("add", { a: 1, b: 2 })).structuredContent).toEqual({ sum: 3 });
    const text = "ö".repeat(500_000);
    expect(textOf(await client.callTool("echo", { text })) === text).toBe(true);
  });

  it("tells tool execution errors from protocol errors", async () => {
    const failed = await client.callTool("fail");
    expect([failed.isError, textOf(failed)]).toEqual([true, "no otters today"]);
    expect((await client.callTool("add", { a: "one" })).isError).toBe(true);
    await expectRefusal(client.callTool("nope"), -32602);
    const { data } = await expectRefusal(client.readResource("memo://nothing"), -32602);
    expect(data).toMatchObject({ uri: "memo://nothing" });
    await expectRefusal(client.getPrompt("nope"), -32602);
  });

  it.each([
    { country: "AT", limit: 3 },
    { country: "Österreich 🇦🇹" },
    { country: " AT " },
    { country: "" },
    { country: "=?base64?QVQ=?=" },
  ])("mirrors %j into headers that it accepts", async (args) => {
    expect(JSON.parse(textOf(await client.callTool("locate", args)))).toEqual(args);
  });

  it("calls many tools at once", async () => {
    const sums = await Promise.all(
      Array.from({ length: 50 }, (_, a) => client.callTool("add", { a, b: 1 })),
    );
    expect(sums.map(({ structuredContent }) => structuredContent)).toEqual(
      Array.from({ length: 50 }, (_, a) => ({ sum: a + 1 })),
    );
  });

  it("reads resources and templates", async () => {
    expect((await client.listResources()).resources.map(({ uri }) => uri)).toContain("memo://logo");
    expect((await client.readResource("memo://readme")).contents).toEqual([
      { uri: "memo://readme", mimeType: "text/plain", text: "Otters play." },
    ]);
    expect((await client.readResource("memo://logo")).contents).toMatchObject([
      { blob: "iVBOR/8=" },
    ]);
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(resourceTemplates).toMatchObject([{ uriTemplate: "place://{country}/{name}" }]);
    expect((await client.readResource("place://AT/Graz")).contents).toMatchObject([
      { text: "Graz in AT" },
    ]);
  });

  it("gets prompts and completions", async () => {
    const { messages } = await client.getPrompt("greet", { name: "Zoë", style: "stern" });
    expect(messages).toMatchObject([{ content: { text: "Greet Zoë, stern." } }]);
    const style = await client.complete({
      ref: { type: "ref/prompt", name: "greet" },
      argument: { name: "style", value: "f" },
    });
    expect(style.completion.values).toEqual(["formal", "friendly"]);
    const name = await client.complete({
      ref: { type: "ref/resource", uri: "place://{country}/{name}" },
      argument: { name: "name", value: "K" },
      context: { arguments: { country: "DE" } },
    });
    expect(name.completion.values).toEqual(["Köln"]);
  });

  it("receives progress and log messages", async () => {
    const seen: string[] = [];
    const result = await client.callTool(
      "count",
      { to: 3 },
      {
        onProgress: ({ progress }) => void seen.push(`progress ${progress}`),
        onLog: ({ data }) => void seen.push(JSON.stringify(data)),
      },
    );
    expect(textOf(result)).toBe("counted to 3");
    expect(seen).toEqual([1, 2, 3].flatMap((n) => [`{"at":${n}}`, `progress ${n}`]));
  });

  it("cancels a call, and the handler is notified", async () => {
    const token = randomUUID();
    const subscription = await client.listen({ resourceSubscriptions: [`cancelled://${token}`] });
    const abort = new AbortController();
    const { signal } = abort;
    const call = client.callTool("wait", { token }, { signal, onProgress: () => abort.abort() });
    await expect(call).rejects.toMatchObject({ reason: "aborted" });
    expect((await next(subscription))?.params).toMatchObject({ uri: `cancelled://${token}` });
    subscription.close();
  });

  describe("input required", () => {
    it("answers a question, and may decline it", async () => {
      user.willAnswer(accept({ name: "Zoë" }));
      expect(textOf(await client.callTool("greet"))).toBe("Hello, Zoë");
      expect(user.asked).toMatchObject([{ message: "Who are you?" }]);
      user.willAnswer({ action: "decline" });
      expect(textOf(await client.callTool("greet"))).toBe("decline");
    });

    it("goes through several rounds", async () => {
      user.willAnswer(accept({ day: "2026-08-01" }), accept({ seats: 2 }));
      expect(textOf(await client.callTool("book", { place: "Graz" }))).toBe("Graz, 2026-08-01, 2");
    });

    it("answers several inputs of all kinds at once", async () => {
      user.willAnswer(accept({ name: "Zoë" }));
      const answers = JSON.parse(textOf(await client.callTool("survey")));
      expect(answers).toMatchObject({ name: { name: "Zoë" }, haiku, roots });
    });

    it("sends the user to a URL", async () => {
      user.willAnswer({ action: "accept" });
      expect(textOf(await client.callTool("sign_in"))).toBe("accept");
      expect(user.asked).toMatchObject([{ mode: "url", url: "https://auth.example.com/start" }]);
    });

    it("answers prompts and resources", async () => {
      user.willAnswer(accept({ topic: "otters" }));
      expect((await client.getPrompt("interview")).messages).toMatchObject([
        { content: { text: "Ask about otters." } },
      ]);
      user.willAnswer(accept({ code: "1234" }));
      expect((await client.readResource("vault://note")).contents).toMatchObject([
        { text: "opened with 1234" },
      ]);
    });

    it("is told which capability is missing", async () => {
      const { data } = await expectRefusal(connect().callTool("greet"), -32021);
      expect(data).toMatchObject({ requiredCapabilities: { elicitation: {} } });
    });
  });

  describe("subscriptions", () => {
    it("is notified of a changed list and an updated resource, and drops its cache", async () => {
      const read = async () => (await client.readResource("dice://fresh")).contents[0];
      const first = await read();
      expect(await read()).toEqual(first);
      await client.listTools();
      const subscription = await client.listen({
        toolsListChanged: true,
        resourceSubscriptions: ["dice://fresh"],
      });
      expect(subscription.acknowledged).toEqual({
        toolsListChanged: true,
        resourceSubscriptions: ["dice://fresh"],
      });
      await client.callTool("touch", { uri: "memo://other" });
      await client.callTool("touch", { uri: "dice://fresh" });
      expect((await next(subscription))?.params).toMatchObject({ uri: "dice://fresh" });
      expect(await read()).not.toEqual(first);
      await client.callTool("change");
      expect((await next(subscription))?.method).toBe("notifications/tools/list_changed");
      expect(cacheStatusOf(await client.listTools())).toBeUndefined();
      subscription.close();
    });

    itWhere(place === "stdio")("receives its graceful end on stdio", async () => {
      const transport = createStdioTransport(command);
      const own = createClient(transport);
      const subscription = await own.listen({ toolsListChanged: true }, { relisten: "never" });
      process.kill(transport.pid as number, "SIGTERM");
      expect(await next(subscription)).toBeUndefined();
      await own.close();
    });

    itWhere(place === "http")("receives its graceful end", async () => {
      const endpoint = await serveOfficial();
      const own = createClient(endpoint.url);
      const subscription = await own.listen({ toolsListChanged: true }, { relisten: "never" });
      const ended = next(subscription);
      await endpoint.close();
      expect(await ended).toBeUndefined();
      await own.close();
    });
  });
});

async function next(subscription: Subscription) {
  const { value } = await subscription[Symbol.asyncIterator]().next();
  return value;
}
