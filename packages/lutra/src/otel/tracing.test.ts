import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { context, propagation, ROOT_CONTEXT, SpanStatusCode, trace } from "@opentelemetry/api";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { z } from "zod";
import { createClient } from "../client/node.ts";
import { followTasks, tasks } from "../extensions/tasks/index.ts";
import type { Middleware } from "../protocol/exchange.ts";
import type { JSONRPCRequest } from "../protocol/json-rpc.ts";
import { createServer, defineTool, ToolError } from "../server/index.ts";
import { type RecordedSpans, recordSpans } from "./fixtures/recorded-spans.ts";
import { traceClient, traceServer } from "./index.ts";

let spans: RecordedSpans;
const received: JSONRPCRequest[] = [];
const recording: Middleware = (next) => (request, context) => {
  received.push(request);
  return next(request, context);
};

beforeEach(() => {
  spans = recordSpans();
  received.length = 0;
});
afterEach(() => spans.close());

const add = defineTool({
  name: "add",
  inputSchema: z.object({ a: z.number(), b: z.number() }),
  call: ({ a, b }) => String(a + b),
});
const book = defineTool({
  name: "book",
  call: async (_args, context) => {
    await context.step("reserve", () => "r1");
    const sure = await context.elicit("sure", {
      message: "Sure?",
      requestedSchema: z.object({ yes: z.boolean() }),
    });
    await context.step("pay", () => "p1");
    return sure.action;
  },
});
const broken = defineTool({
  name: "broken",
  call: () => {
    throw new Error("secret");
  },
});
const slow = defineTool({
  name: "slow",
  call: (_args, { signal }) =>
    new Promise<string>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    }),
});
const refusing = defineTool({
  name: "refusing",
  call: () => {
    throw new ToolError("no");
  },
});

const stepping = defineTool({
  name: "stepping",
  description: "Saves something.",
  call: (_args, context) => context.step("save", () => "saved"),
});

function connect(options: Parameters<typeof traceClient>[0] = {}) {
  const server = createServer({
    name: "x",
    version: "1.0.0",
    tools: [add, book, broken, slow, refusing],
    middleware: [recording],
    observer: traceServer(options),
    onError: () => {},
  });
  const client = createClient(server, {
    middleware: [traceClient(options)],
    onElicit: () => ({ action: "accept", content: { yes: true } }),
  });
  return { server, client };
}

it("continues the trace of the client on the server and in the handler", async () => {
  const { client } = connect();
  await client.callTool("add", { a: 1, b: 2 });
  expect(spans.all()).toMatchObject([
    { name: "execute_tool add", kind: "INTERNAL", parent: "SERVER tools/call add" },
    { name: "tools/call add", kind: "SERVER", parent: "CLIENT tools/call add", links: [] },
    { name: "tools/call add", kind: "CLIENT", parent: undefined, links: [] },
  ]);
  expect(spans.traceIds().size).toBe(1);
});

it("records the attributes of the conventions, and neither arguments nor results", async () => {
  const { client } = connect();
  await client.callTool("add", { a: 1, b: 2 });
  const [, server, sent] = spans.all();
  const expected = {
    "mcp.method.name": "tools/call",
    "mcp.protocol.version": "2026-07-28",
    "gen_ai.tool.name": "add",
    "gen_ai.operation.name": "execute_tool",
    "jsonrpc.request.id": expect.any(String),
  };
  expect(server?.attributes).toEqual(expected);
  expect(sent?.attributes).toEqual(expected);
});

it("records arguments and results on request", async () => {
  const { client } = connect({ recordArguments: true, recordResults: true });
  await client.callTool("add", { a: 1, b: 2 });
  for (const { name, attributes } of spans.all().slice(1)) {
    expect(name).toBe("tools/call add");
    expect(attributes["gen_ai.tool.call.arguments"]).toBe('{"a":1,"b":2}');
    expect(attributes["gen_ai.tool.call.result"]).toContain('"text":"3"');
  }
});

it("links the rounds of a call to its first request, in one trace", async () => {
  const { client } = connect();
  await client.callTool("book", {});
  const [first, second] = spans.all().filter(({ kind }) => kind === "SERVER");
  expect(first?.attributes["lutra.result.type"]).toBe("input_required");
  expect(second?.links).toEqual(["SERVER tools/call book"]);
  const sent = spans.all().filter(({ kind }) => kind === "CLIENT");
  expect(sent.map(({ links }) => links)).toEqual([[], ["CLIENT tools/call book"]]);
  expect(spans.traceIds().size).toBe(1);
});

it("records each step once, below the round that ran it", async () => {
  const { client } = connect();
  await client.callTool("book", {});
  const steps = spans.all().filter(({ name }) => name.startsWith("step"));
  expect(steps).toMatchObject([
    { name: "step reserve", parent: "INTERNAL execute_tool book" },
    { name: "step pay", parent: "INTERNAL execute_tool book" },
  ]);
});

it.each([
  ["a masked error", "broken", "tool_error", undefined],
  ["a tool execution error", "refusing", "tool_error", undefined],
  ["an unknown tool", "missing", "-32602", "-32602"],
])("records the type of %s", async (_case, tool, type, code) => {
  const { client } = connect();
  await client
    .request({ ...callOf(), name: "tools/call" } as never, { name: tool })
    .catch(() => {});
  for (const { kind, attributes, status } of spans.all()) {
    if (kind === "INTERNAL") continue;
    expect(attributes["error.type"]).toBe(type);
    expect(attributes["rpc.response.status_code"]).toBe(code);
    expect(status.code).toBe(SpanStatusCode.ERROR);
    expect(JSON.stringify(status)).not.toContain("secret");
  }
  const served = spans.all().find(({ kind }) => kind === "SERVER");
  expect(served?.name).toBe(code === undefined ? `tools/call ${tool}` : "tools/call");
});

function callOf() {
  return { params: (it: unknown) => it, result: (it: unknown) => it, nameField: "name" };
}

it("records the reason of a local failure", async () => {
  const { client } = connect();
  const call = client.callTool("slow");
  await client.close();
  await expect(call).rejects.toThrow("closed");
  await vi.waitFor(() => expect(spans.all()).not.toEqual([]));
  const sent = spans.all().find(({ kind }) => kind === "CLIENT");
  expect(sent?.attributes["error.type"]).toBe("closed");
});

it("sends the active span's baggage, and runs handlers with it", async () => {
  const { client } = connect();
  const baggage = propagation.createBaggage({ tenant: { value: "t 1" } });
  await context.with(propagation.setBaggage(ROOT_CONTEXT, baggage), () =>
    client.callTool("add", { a: 1, b: 2 }),
  );
  expect(received[0]?.params?._meta).toMatchObject({ baggage: "tenant=t%201" });
});

it("takes the active span as the parent", async () => {
  const { client } = connect();
  await trace.getTracer("test").startActiveSpan("agent", async (span) => {
    await client.callTool("add", { a: 1, b: 2 });
    span.end();
  });
  expect(spans.all().find(({ kind }) => kind === "CLIENT")?.parent).toBe("INTERNAL agent");
  expect(spans.traceIds().size).toBe(1);
});

/** Sends a request with the headers that HTTP requires, so that a server can read them. */
function serve(traceparent: string, headers: { readonly [name: string]: string } = {}) {
  const version = "2026-07-28";
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": version,
    "io.modelcontextprotocol/clientCapabilities": {},
    traceparent,
  };
  const sent: { readonly [name: string]: string } = {
    "mcp-protocol-version": version,
    "mcp-method": "tools/list",
    ...headers,
  };
  return connect().server.serve(
    { jsonrpc: "2.0", id: 1, method: "tools/list", params: { _meta } },
    { signal: new AbortController().signal, notify: () => {}, header: (name) => sent[name] },
  );
}

it("ignores an invalid traceparent", async () => {
  const invalid = `00-${"0".repeat(32)}-00f067aa0ba902b7-01`;
  await serve(invalid, { traceparent: invalid });
  expect(spans.all()).toMatchObject([{ name: "tools/list", parentId: undefined }]);
  expect(received[0]?.params?._meta).not.toMatchObject({ traceparent: invalid });
});

it.each([
  ["continues the header of an intermediary in the same trace", "1", "aaaaaaaaaaaaaaaa"],
  ["prefers _meta to the header of another trace", "2", "bbbbbbbbbbbbbbbb"],
])("%s", async (_case, digit, parentId) => {
  const inMeta = `00-${"1".repeat(32)}-bbbbbbbbbbbbbbbb-01`;
  await serve(inMeta, { traceparent: `00-${digit.repeat(32)}-aaaaaaaaaaaaaaaa-01` });
  expect(spans.all()).toMatchObject([{ parentId }]);
});

it("reads the header of a request without a trace in _meta", async () => {
  await serve("", { traceparent: `00-${"1".repeat(32)}-aaaaaaaaaaaaaaaa-01` });
  expect(spans.all()).toMatchObject([{ parentId: "aaaaaaaaaaaaaaaa" }]);
});

it.each([
  ["a tool", "broken", "tools/call broken"],
  ["middleware", "failing", "tools/call failing"],
])("gives the log the id of the trace with an error of %s", async (_case, tool, place) => {
  const places: string[] = [];
  const failing: Middleware = (next) => (request, context) => {
    if (request.params?.name === "failing") throw new Error("secret");
    return next(request, context);
  };
  const server = createServer({
    name: "x",
    version: "1.0.0",
    tools: [broken],
    middleware: [failing],
    observer: traceServer(),
    onError: (_error, where) => places.push(where),
  });
  const client = createClient(server, { middleware: [traceClient()] });
  await client.callTool(tool as "broken").catch(() => {});
  expect(places).toEqual([`${place} (trace ${[...spans.traceIds()][0]})`]);
});

it("makes attempts at a task children of the request that created it", async () => {
  const report = defineTool({
    name: "report",
    task: "required",
    taskOptions: { pollIntervalMs: 1 },
    call: async (_args, context) => {
      await context.step("fetch", () => 1);
      await context.sleep("pause", 1);
      return context.step("write", () => "done");
    },
  });
  const server = createServer({
    name: "x",
    version: "1.0.0",
    tools: [report],
    extensions: [tasks()],
    observer: traceServer(),
  });
  const client = createClient(server, {
    middleware: [traceClient()],
    extensions: [followTasks()],
  });
  await client.callTool("report");
  const attempts = spans.all().filter(({ name }) => name === "execute_tool report");
  expect(attempts.map(({ parent }) => parent)).toEqual(
    attempts.map(() => "SERVER tools/call report"),
  );
  expect(attempts.length).toBeGreaterThan(0);
  const steps = spans.all().filter(({ name }) => name.startsWith("step"));
  expect(steps).toMatchObject([
    { name: "step fetch", parent: "INTERNAL execute_tool report" },
    { name: "step write", parent: "INTERNAL execute_tool report" },
  ]);
  await server.close();
});

it("ends the span of a subscription with its acknowledgement", async () => {
  const { client } = connect();
  const subscription = await client.listen({ toolsListChanged: true });
  expect(spans.all()).toMatchObject([
    { name: "subscriptions/listen", kind: "SERVER" },
    { name: "subscriptions/listen", kind: "CLIENT" },
  ]);
  await subscription.close();
});

it("observes a server that share() gives an observer, and no longer without one", async () => {
  const server = createServer({ name: "x", version: "1.0.0", tools: [add] });
  const client = createClient(server);
  server.share({ observer: traceServer() });
  await client.callTool("add", { a: 1, b: 2 });
  expect(spans.all()).toMatchObject([
    { name: "execute_tool add", parent: "SERVER tools/call add" },
    { name: "tools/call add", kind: "SERVER" },
  ]);
  server.share({});
  await client.callTool("add", { a: 1, b: 2 });
  expect(spans.all()).toHaveLength(2);
});

it("refuses an observer that is not an object", () => {
  const options = { name: "x", version: "1", observer: 1 } as never;
  expect(() => createServer(options)).toThrow("createServer: observer: expected an object");
});

it("refuses an unknown option", () => {
  const options = { recordArgument: true } as never;
  expect(() => traceClient(options)).toThrow("traceClient: recordArgument: unknown option");
  expect(() => traceServer(options)).toThrow("traceServer: recordArgument: unknown option");
});

it("is the only part of the package that imports OpenTelemetry", () => {
  const sources = fileURLToPath(new URL("..", import.meta.url));
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" });
  const importing = files.filter(
    (file) =>
      file.endsWith(".ts") &&
      readFileSync(join(sources, file), "utf8").includes('from "@opentelemetry/'),
  );
  expect(new Set(importing.map((file) => file.split(sep)[0]))).toEqual(new Set(["otel"]));
});

it("is not called for requests, rounds and steps while it is not active", async () => {
  const server = createServer({ name: "x", version: "1.0.0", tools: [stepping] });
  const called: string[] = [];
  let isActive = false;
  server.share({
    observer: {
      isActive: () => isActive,
      middleware: (next) => (request, context) => {
        called.push(request.method);
        return next(request, context);
      },
      round: (_round, run) => {
        called.push("round");
        return run();
      },
      step: (name, run) => {
        called.push(name);
        return run();
      },
    },
  });
  const client = createClient(server);
  await client.callTool("stepping");
  expect(called).toEqual([]);
  isActive = true;
  await client.callTool("stepping");
  expect(called).toEqual(["tools/call", "round", "save"]);
});

it("changes nothing without an SDK", async () => {
  await spans.close();
  const { client } = connect();
  await client.callTool("add", { a: 1, b: 2 });
  expect(received[0]?.params?._meta).not.toHaveProperty("traceparent");
});
