import { expect, it, vi } from "vitest";
import { createServer, defineTool, ToolError } from "../server/index.ts";
import { connect } from "../testing/index.ts";
import { bridgedTools } from "./bridged-tools.ts";
import { ToolExecutionError } from "./tool-execution-error.ts";

const schema = { type: "object", properties: { a: { type: "number" } } } as const;

const onStart = vi.fn();
const onCancel = vi.fn(() => "cancelled");

const server = createServer({
  name: "fixture",
  version: "1.0.0",
  tools: [
    defineTool({
      name: "files.read",
      title: "Read",
      annotations: { readOnlyHint: true },
      inputSchema: schema,
      call: ({ a }) => `read ${String(a)}`,
    }),
    defineTool({
      name: "fail",
      call: () => {
        throw new ToolError("out of paper");
      },
    }),
    defineTool({
      name: "report",
      call: async (_args, context) => {
        await context.progress({ progress: 1, total: 2 });
        return "reported";
      },
    }),
    defineTool({
      name: "wait",
      call: (_args, { signal }) =>
        new Promise((resolve) => {
          onStart();
          signal.addEventListener("abort", () => resolve(onCancel()));
        }),
    }),
    defineTool({
      name: "confirm",
      call: async (_args, context) => {
        const answer = await context.elicit("sure", {
          message: "Sure?",
          requestedSchema: { type: "object", properties: { sure: { type: "boolean" } } },
        });
        return answer.action;
      },
    }),
  ],
});

const info = { toolCallId: "call-1", signal: undefined };

async function toolNamed(name: string, options = {}, clientOptions = {}) {
  const tools = await bridgedTools("aiTools", connect(server, clientOptions), options);
  const tool = tools.find(({ metadata }) => metadata.tool === name);
  if (tool === undefined) throw new Error(`no tool ${name}`);
  return tool;
}

it("maps names that models may not use, and calls the tool by its own", async () => {
  const tool = await toolNamed("files.read");
  expect(tool).toMatchObject({
    name: "files_read",
    description: "Read",
    metadata: { tool: "files.read", title: "Read", annotations: { readOnlyHint: true } },
  });
  const result = await tool.call({ a: 1 }, info);
  expect(result.content).toEqual([{ type: "text", text: "read 1" }]);
});

it("gives every schema properties, and a copy that frameworks may change", async () => {
  const client = connect(server);
  const [read, fail] = await bridgedTools("aiTools", client);
  expect(fail?.schema).toMatchObject({ type: "object", properties: {} });
  if (read !== undefined) read.schema.properties = {};
  const [again] = await bridgedTools("aiTools", client);
  expect(again?.schema.properties).toEqual(schema.properties);
});

it("rejects with the text and the result of a tool that failed", async () => {
  const tool = await toolNamed("fail");
  const error = await tool.call({}, info).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ToolExecutionError);
  expect(error).toMatchObject({ message: "out of paper", result: { isError: true } });
});

it("refuses arguments that are not an object, without a request", async () => {
  const tool = await toolNamed("report");
  await expect(tool.call([1], info)).rejects.toThrow("arguments: expected an object");
});

it("rejects with the message of a protocol error", async () => {
  const client = connect(server);
  const [tool] = await bridgedTools("aiTools", client, { include: ["confirm"] });
  await expect(tool?.call({}, info)).rejects.toMatchObject({
    name: "ProtocolError",
    message: expect.stringContaining("elicitation"),
  });
});

it("lets the handlers of the client answer input requests", async () => {
  const onElicit = () => ({ action: "decline" });
  const tool = await toolNamed("confirm", {}, { onElicit });
  const { content } = await tool.call({}, info);
  expect(content).toEqual([{ type: "text", text: "decline" }]);
});

it("passes progress on, with the call that it belongs to", async () => {
  const onProgress = vi.fn();
  const tool = await toolNamed("report", { onProgress });
  await tool.call({}, info);
  expect(onProgress.mock.calls).toEqual([
    [
      { progress: 1, total: 2 },
      { tool: "report", toolCallId: "call-1" },
    ],
  ]);
});

it("cancels a call with the signal of the framework", async () => {
  const tool = await toolNamed("wait");
  const controller = new AbortController();
  const called = tool.call({}, { toolCallId: undefined, signal: controller.signal });
  await vi.waitFor(() => expect(onStart).toHaveBeenCalledOnce());
  controller.abort();
  await expect(called).rejects.toMatchObject({ name: "TransportError", reason: "aborted" });
  await vi.waitFor(() => expect(onCancel).toHaveBeenCalledOnce());
});

it.each([
  [{ include: ["fail", "report"] }, ["fail", "report"]],
  [{ exclude: ["fail", "report", "unknown"] }, ["files.read", "wait", "confirm"]],
  [{ include: ["fail", "report"], exclude: ["fail"] }, ["report"]],
])("selects tools with %j", async (options, expected) => {
  const tools = await bridgedTools("aiTools", connect(server), options);
  expect(tools.map(({ metadata }) => metadata.tool).toSorted()).toEqual(expected.toSorted());
});

it.each([
  [{ include: ["reprt"] }, 'aiTools: include: the server does not list the tool "reprt"'],
  [{ maxTools: 4 }, "aiTools: expected at most 4 tools, got 5; select tools with include"],
  [JSON.parse('{"include":"report"}'), "aiTools: include: expected an array of names"],
  [{ maxTools: 0 }, "aiTools: maxTools: expected a positive integer"],
  [JSON.parse('{"inclde":[]}'), "aiTools: inclde: unknown option"],
])("refuses %j", async (options, message) => {
  await expect(bridgedTools("aiTools", connect(server), options)).rejects.toThrow(message);
});
