import { describe, expect, it } from "vitest";
import { defineMethod } from "../protocol/method.ts";
import { callTool } from "../protocol/tools.ts";
import { metaOf, peerError, scripted } from "./fixtures/scripted-server.ts";

const everyMethod = async ({ client }: ReturnType<typeof scripted>) => {
  await client.discover();
  await client.listTools();
  await client.listResources();
  await client.listResourceTemplates();
  await client.listPrompts();
  await client.callTool("add", { a: 1 });
  await client.readResource("file:///a");
  await client.getPrompt("greet");
  await client.complete({
    ref: { type: "ref/prompt", name: "p" },
    argument: { name: "a", value: "" },
  });
};

describe("every request", () => {
  it("has an id that no other request of the client has", async () => {
    const server = scripted(() => undefined);
    await everyMethod(server);
    const ids = server.requests.map(({ id }) => id);
    expect(ids).toHaveLength(9);
    expect(new Set(ids).size).toBe(9);
    expect(ids.every((id) => Number.isInteger(id))).toBe(true);
  });

  it("has its version, client and capabilities in _meta", async () => {
    const clientInfo = { name: "test", version: "1.2.3" };
    const onElicit = () => ({ action: "decline" }) as const;
    const server = scripted(() => undefined, {
      clientInfo,
      onElicit,
      elicitation: { form: {}, url: {} },
      onSample: () => ({ role: "user", content: { type: "text", text: "" }, model: "m" }),
      sampling: { tools: {} },
      onRoots: () => [],
      extensions: [{ id: "com.example/x", settings: { a: 1 } }],
    });
    await everyMethod(server);
    for (const request of server.requests) {
      expect(metaOf(request)).toEqual({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": clientInfo,
        "io.modelcontextprotocol/clientCapabilities": {
          elicitation: { form: {}, url: {} },
          sampling: { tools: {} },
          roots: {},
          extensions: { "com.example/x": { a: 1 } },
        },
      });
    }
  });

  it("declares no capability without a handler", async () => {
    const { client, requests } = scripted(() => undefined, { elicitation: { url: {} } });
    await client.listTools();
    expect(metaOf(requests[0])["io.modelcontextprotocol/clientCapabilities"]).toEqual({});
  });

  it("identifies its client, unless identify is false", async () => {
    const { client, requests } = scripted(() => undefined, { identify: false });
    await client.listTools();
    expect(metaOf(requests[0])).not.toHaveProperty("io.modelcontextprotocol/clientInfo");
  });

  it("may have further metadata, but can't replace the protocol's", async () => {
    const { client, requests } = scripted(() => undefined);
    const meta = { "com.example/a": 1, "io.modelcontextprotocol/protocolVersion": "1900-01-01" };
    await client.callTool("add", {}, { meta });
    expect(metaOf(requests[0])).toMatchObject({
      "com.example/a": 1,
      "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    });
  });

  it("asks for progress and log messages only with a listener", async () => {
    const { client, requests } = scripted(() => undefined);
    await client.callTool("add");
    expect(Object.keys(metaOf(requests[0]))).toHaveLength(3);
  });
});

describe("the result type", () => {
  it("is complete by default", async () => {
    const { client } = scripted(() => ({ content: [{ type: "text", text: "old" }] }));
    expect(await client.callTool("add")).toMatchObject({ content: [{ text: "old" }] });
  });

  it("makes a result invalid when it is unknown", async () => {
    const { client } = scripted(() => ({ resultType: "task", content: [] }));
    await expect(client.callTool("add")).rejects.toMatchObject({
      name: "TransportError",
      reason: "malformed",
    });
  });

  it("may be one that a declared extension adds", async () => {
    const { client } = scripted(() => ({ resultType: "task", taskId: "1" }), {
      extensions: [{ id: "com.example/tasks", resultTypes: { task: [callTool] } }],
    });
    expect(await client.callTool("add")).toMatchObject({ resultType: "task", taskId: "1" });
    await expect(client.getPrompt("add")).rejects.toMatchObject({ reason: "malformed" });
  });

  it.each([
    ["tools/list", "listTools"],
    ["prompts/list", "listPrompts"],
    ["server/discover", "discover"],
  ] as const)("is never input_required for %s", async (_method, call) => {
    const { client } = scripted(() => ({ resultType: "input_required", requestState: "s" }));
    await expect(client[call]()).rejects.toMatchObject({ reason: "malformed" });
  });
});

it.each([
  ["callTool", ["add"], { content: "text" }],
  ["callTool", ["add"], { content: [{ text: "no type" }] }],
  ["readResource", ["file:///a"], { contents: {} }],
  ["getPrompt", ["greet"], {}],
  ["listTools", [], { tools: {} }],
  ["discover", [], { capabilities: {} }],
] as const)("refuses a result of %s that is not what the method promises", async (...args) => {
  const [name, params, result] = args;
  const { client } = scripted(() => result);
  const call = client[name] as (...params: readonly unknown[]) => Promise<unknown>;
  await expect(call(...params)).rejects.toMatchObject({ reason: "malformed" });
});

it("errors of the server keep the server's code, message and data", async () => {
  const { client } = scripted(() => {
    throw peerError(-32602, { uri: "file:///a" });
  });
  await expect(client.readResource("file:///a")).rejects.toMatchObject({
    name: "ProtocolError",
    peer: true,
    reason: "invalidParams",
    data: { uri: "file:///a" },
  });
});

it("accepts -32002 for a missing resource from servers of earlier versions", async () => {
  const { client } = scripted(() => {
    throw peerError(-32002);
  });
  await expect(client.readResource("file:///a")).rejects.toMatchObject({
    reason: "resourceNotFound",
  });
});

it("sends requests of methods that only an extension knows", async () => {
  const getTask = defineMethod({
    name: "tasks/get",
    params: (params) => params,
    result: (result) => result,
    nameField: "taskId",
  });
  const { client, requests, contexts } = scripted(() => ({ status: "working" }));
  expect(await client.request(getTask, { taskId: "世" })).toEqual({ status: "working" });
  expect(requests[0]).toMatchObject({ method: "tasks/get", params: { taskId: "世" } });
  expect(contexts[0]?.addHeaders).toEqual({ "Mcp-Name": "=?base64?5LiW?=" });
});

it("runs the user's middleware around every request that is sent, the first outermost", async () => {
  const order: string[] = [];
  const note = (name: string) => (next: import("../protocol/exchange.ts").Serve) =>
    ((request, context) => {
      order.push(`${name} ${request.method}`);
      return next(request, context);
    }) satisfies import("../protocol/exchange.ts").Serve;
  const { client } = scripted(() => undefined, { middleware: [note("a"), note("b")] });
  await client.callTool("add");
  expect(order).toEqual(["a tools/call", "b tools/call"]);
});
