/**
 * The official clients in the mode that opens a session: 2.4.0, whose default it is, and 1.32, which
 * knows no other. Over HTTP, stdio and HTTP+SSE.
 */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StdioClientTransport as Stdio1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport as HTTP1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { serveHttp } from "lutra/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lutraCommand } from "../e2e/lutra-command.ts";
import { createFixture } from "../e2e/server.ts";

const capabilities = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const info = { name: "official", version: "0" };

const answers = {
  elicitation: async () => ({ action: "accept" as const, content: { name: "Zoë" } }),
  sampling: async () => ({
    role: "assistant" as const,
    model: "test-model",
    content: { type: "text" as const, text: "old pond" },
  }),
  roots: async () => ({ roots: [{ uri: "file:///home/zoe", name: "home" }] }),
};

type Call = (
  params: { readonly name: string; readonly arguments: Record<string, unknown> },
  options: { readonly signal?: AbortSignal; readonly onprogress?: (value: Progress) => void },
) => Promise<unknown>;

interface Progress {
  readonly progress: number;
}

/** The part of both clients that the tests use. */
interface Session {
  readonly client: Pick<
    Client1,
    | "listTools"
    | "readResource"
    | "getPrompt"
    | "ping"
    | "setLoggingLevel"
    | "subscribeResource"
    | "unsubscribeResource"
    | "getServerCapabilities"
    | "close"
  >;
  readonly callTool: Call;
  /** The methods and parameters of notifications so far. */
  readonly heard: ReturnType<typeof createHeard>;
}

function createHeard() {
  const values: { method: string; params?: unknown }[] = [];
  const waiting = new Set<() => void>();
  return {
    add: (value: { method: string; params?: unknown }) => {
      values.push(value);
      for (const check of [...waiting]) check();
    },
    first: (method: string) =>
      new Promise<{ params?: unknown }>((resolve) => {
        const check = () => {
          const found = values.find((value) => value.method === method);
          if (found === undefined) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
  };
}

async function connect2(url: string | undefined): Promise<Session> {
  const heard = createHeard();
  const client = new Client(info, { capabilities });
  client.setRequestHandler("elicitation/create", answers.elicitation);
  client.setRequestHandler("sampling/createMessage", answers.sampling);
  client.setRequestHandler("roots/list", answers.roots);
  for (const method of [
    "notifications/tools/list_changed",
    "notifications/resources/updated",
    "notifications/message",
  ] as const) {
    client.setNotificationHandler(method, heard.add);
  }
  const { command, args } = lutraCommand("serve", "test/e2e/server.ts", "--stdio");
  const transport =
    url === undefined
      ? new StdioClientTransport({ command, args: [...args] })
      : new StreamableHTTPClientTransport(new URL(url));
  await client.connect(transport);
  expect(client.getProtocolEra()).toBe("legacy");
  const callTool: Call = (params, options) => client.callTool(params, options);
  return { client: client as unknown as Session["client"], callTool, heard };
}

async function connect1(
  url: string | undefined,
  Transport: typeof HTTP1 | typeof SSEClientTransport = HTTP1,
): Promise<Session> {
  const heard = createHeard();
  const client = new Client1(info, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, answers.elicitation);
  client.setRequestHandler(CreateMessageRequestSchema, answers.sampling);
  client.setRequestHandler(ListRootsRequestSchema, answers.roots);
  client.setNotificationHandler(ToolListChangedNotificationSchema, heard.add);
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, heard.add);
  client.setNotificationHandler(LoggingMessageNotificationSchema, heard.add);
  const { command, args } = lutraCommand("serve", "test/e2e/server.ts", "--stdio");
  const transport =
    url === undefined ? new Stdio1({ command, args: [...args] }) : new Transport(new URL(url));
  await client.connect(transport as never);
  const callTool: Call = (params, options) => client.callTool(params, undefined, options);
  return { client, callTool, heard };
}

const connectSse = (url: string | undefined) => connect1(url, SSEClientTransport);

const combinations = [
  ["2.4.0", "http", connect2],
  ["2.4.0", "stdio", connect2],
  ["1.32", "http", connect1],
  ["1.32", "stdio", connect1],
  ["1.32", "http+sse", connectSse],
] as const;

describe.each(combinations)("the official client %s over %s", (_version, place, connect) => {
  let session: Session;
  const close: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    const options = { port: 0, httpSse: place === "http+sse" };
    const endpoint = place === "stdio" ? undefined : await serveHttp(createFixture(), options);
    if (endpoint) close.push(endpoint.close);
    session = await connect(endpoint?.url);
    close.push(() => session.client.close());
  });

  afterAll(async () => {
    for (const end of close.reverse()) await end();
  });

  const call = async (name: string, args: Record<string, unknown> = {}, options = {}) => {
    const result = await session.callTool({ name, arguments: args }, options);
    return result as { content: { text: string }[]; structuredContent?: unknown };
  };

  it("finds what the server offers", async () => {
    expect(session.client.getServerCapabilities()).toEqual({
      tools: { listChanged: true },
      resources: { listChanged: true, subscribe: true },
      prompts: { listChanged: true },
      completions: {},
      logging: {},
    });
    const { tools } = await session.client.listTools();
    expect(tools.length).toBeGreaterThan(0);
    await session.client.ping();
  });

  it("calls a tool, whose structured content it validates", async () => {
    const { structuredContent } = await call("add", { a: 1, b: 2 });
    expect(structuredContent).toMatchObject({ sum: 3 });
  });

  it("answers questions while the call runs", async () => {
    const { content } = await call("greet");
    expect(content).toEqual([{ type: "text", text: "Hello, Zoë" }]);
  });

  it("answers all kinds of questions at once", async () => {
    const [block] = (await call("survey")).content;
    expect(JSON.parse(block?.text ?? "")).toMatchObject({
      name: { action: "accept", content: { name: "Zoë" } },
      haiku: { content: { text: "old pond" } },
      roots: [{ uri: "file:///home/zoe" }],
    });
  });

  it("receives progress", async () => {
    const token = `walk-${place}`;
    const progress: number[] = [];
    const onprogress = async (value: Progress) => {
      progress.push(value.progress);
      await call("go", { token });
    };
    expect((await call("walk", { token, steps: 3 }, { onprogress })).content[0]?.text).toBe(
      "there",
    );
    expect(progress).toEqual([1, 2, 3]);
  });

  it("cancels a call", async () => {
    const controller = new AbortController();
    const token = `wait-${place}`;
    const onprogress = () => controller.abort();
    const options = { signal: controller.signal, onprogress };
    await expect(call("wait", { token }, options)).rejects.toThrow();
    await session.client.ping();
  });

  it("receives updates of a resource that it has subscribed to, and changes of lists", async () => {
    const uri = "memo://readme";
    await session.client.subscribeResource({ uri });
    await call("touch", { uri });
    expect((await session.heard.first("notifications/resources/updated")).params).toMatchObject({
      uri,
    });
    await session.client.unsubscribeResource({ uri });
    await call("change", { what: "tools" });
    await session.heard.first("notifications/tools/list_changed");
  });

  it("receives log messages from its level on", async () => {
    await session.client.setLoggingLevel("debug");
    await call("speak");
    expect(await session.heard.first("notifications/message")).toBeDefined();
  });

  it("gets the error of a resource that does not exist", async () => {
    await expect(session.client.readResource({ uri: "memo://none" })).rejects.toThrow(
      /Resource not found: memo:\/\/none/,
    );
  });
});
