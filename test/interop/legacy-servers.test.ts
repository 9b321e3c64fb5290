/** Our client against servers that open with `initialize`: those of the official SDK 1 and 2. */
import { fileURLToPath } from "node:url";
import { type Client, type ClientOptions, createClient } from "lutra/client";
import { createStdioTransport } from "lutra/node";
import type { ElicitContent, ElicitParams } from "lutra/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textOf } from "../e2e/scenario.ts";
import { haiku, roots } from "../e2e/user.ts";
import {
  type Everything,
  everythingCommand,
  startEverything,
} from "./fixtures/legacy-everything.ts";
import { serveOfficial } from "./fixtures/official-http.ts";
import { itWhere } from "./it-where.ts";

const memo = "demo://resource/static/document/architecture.md";

/** Fills in the required fields of a form. */
function fillIn(params: ElicitParams): ElicitContent {
  if (params.mode === "url") return {};
  return Object.fromEntries((params.requestedSchema.required ?? []).map((name) => [name, "Zoë"]));
}

const options: ClientOptions = {
  onElicit: (params) => ({ action: "accept", content: fillIn(params) }),
  onSample: () => haiku,
  onRoots: () => roots,
};

describe.each([
  ["stdio", async () => everythingCommand()],
  ["Streamable HTTP", () => startEverything("streamableHttp")],
  ["HTTP+SSE", () => startEverything("sse")],
] as const)("server-everything over %s", (place, start) => {
  let server: Everything;
  let client: Client;

  beforeAll(async () => {
    server = await start();
    client =
      typeof server.target === "string"
        ? createClient(server.target, options)
        : createClient(createStdioTransport(server.target, { stderr: "ignore" }), options);
  });

  afterAll(async () => {
    await client?.close();
    await server?.close();
  });

  it("is recognised as a legacy server, and lists all tools", async () => {
    const { tools } = await client.listTools();
    expect(client.serverEra).toBe("legacy");
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["echo", "trigger-elicitation-request", "get-roots-list"]),
    );
    expect(await client.discover()).toMatchObject({ supportedVersions: ["2025-11-25"] });
  });

  it("answers calls, reads, prompts and completions", async () => {
    expect(textOf(await client.callTool("echo", { message: "hä 🦦" }))).toBe("Echo: hä 🦦");
    const { structuredContent } = await client.callTool("get-structured-content", {
      location: "Chicago",
    });
    expect(structuredContent).toMatchObject({ conditions: expect.any(String) });
    expect((await client.readResource(memo)).contents).toMatchObject([{ uri: memo }]);
    const { messages } = await client.getPrompt("args-prompt", { city: "Graz" });
    expect(messages).toHaveLength(1);
    const { completion } = await client.complete({
      ref: { type: "ref/prompt", name: "completable-prompt" },
      argument: { name: "department", value: "E" },
    });
    expect(completion.values).toContain("Engineering");
  });

  it("reports progress", async () => {
    const seen: number[] = [];
    const args = { duration: 0.3, steps: 3 };
    await client.callTool("trigger-long-running-operation", args, {
      onProgress: ({ progress }) => void seen.push(progress),
    });
    expect(seen).toEqual([1, 2, 3]);
  });

  it("asks the user, the model and for roots", async () => {
    const asked = await client.callTool("trigger-elicitation-request");
    expect(JSON.stringify(asked.content)).toContain("Name: Zoë");
    const sampled = await client.callTool("trigger-sampling-request", {
      prompt: "A haiku",
      maxTokens: 10,
    });
    expect(JSON.stringify(sampled.content)).toContain("an otter jumps in");
    const listed = await client.callTool("get-roots-list");
    expect(JSON.stringify(listed.content)).toContain("file:///home/zoe");
  });

  it("announces updates of a resource", async () => {
    const subscription = await client.listen({ resourceSubscriptions: [memo] });
    expect(subscription.acknowledged).toEqual({ resourceSubscriptions: [memo] });
    await client.callTool("toggle-subscriber-updates");
    const { value } = await subscription[Symbol.asyncIterator]().next();
    expect(value?.params).toMatchObject({ uri: memo });
    subscription.close();
    await client.callTool("toggle-subscriber-updates");
  });

  itWhere(place === "Streamable HTTP")("gets a new session after a restart", async () => {
    await server.restart();
    expect(textOf(await client.callTool("echo", { message: "again" }))).toBe("Echo: again");
  });
});

const official = fileURLToPath(new URL("fixtures/official-stdio.ts", import.meta.url));
const command = { command: process.execPath, args: ["--import", "tsx", official] };

describe.each(["http", "stdio"] as const)("the official SDK 2 with a session over %s", (place) => {
  const close: (() => Promise<unknown>)[] = [];
  let client: Client;

  beforeAll(async () => {
    const endpoint = place === "http" ? await serveOfficial() : undefined;
    if (endpoint) close.push(endpoint.close);
    client = createClient(endpoint?.url ?? command, { ...options, era: "legacy" });
    close.push(client.close);
  });

  afterAll(async () => {
    for (const end of close.reverse()) await end();
  });

  it("is introduced by initialize", async () => {
    expect(await client.discover()).toMatchObject({
      supportedVersions: ["2025-11-25"],
      instructions: "Ask the official way.",
    });
    expect(client.serverEra).toBe("legacy");
  });

  it("answers calls and reads", async () => {
    expect((await client.callTool("add", { a: 1, b: 2 })).structuredContent).toEqual({ sum: 3 });
    expect((await client.readResource("memo://readme")).contents).toMatchObject([
      { text: "Otters play." },
    ]);
    await expect(client.readResource("memo://nothing")).rejects.toMatchObject({ code: -32602 });
  });

  it("reports progress", async () => {
    const seen: number[] = [];
    const onProgress = ({ progress }: { readonly progress: number }) => void seen.push(progress);
    await client.callTool("count", { to: 3 }, { onProgress });
    expect(seen).toEqual([1, 2, 3]);
  });

  itWhere(place === "stdio")("asks the user", async () => {
    expect(textOf(await client.callTool("greet"))).toBe("Hello, Zoë");
  });
});
