import { metrics } from "@opentelemetry/api";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { z } from "zod";
import { createClient } from "../client/node.ts";
import { followTasks, tasks } from "../extensions/tasks/index.ts";
import { ProtocolError } from "../protocol/errors.ts";
import { createServer, defineTool, ToolError } from "../server/index.ts";
import { type RecordedMetrics, recordMetrics } from "./fixtures/recorded-metrics.ts";
import { traceClient, traceServer } from "./index.ts";

let recorded: RecordedMetrics;
beforeEach(() => {
  recorded = recordMetrics();
});
afterEach(() => recorded.close());

const add = defineTool({
  name: "add",
  inputSchema: z.object({ a: z.number(), b: z.number() }),
  call: ({ a, b }) => String(a + b),
});
const refusing = defineTool({
  name: "refusing",
  call: () => {
    throw new ToolError("no");
  },
});
const broken = defineTool({
  name: "broken",
  call: () => {
    throw new Error("secret");
  },
});

const strict = defineTool({
  name: "strict",
  inputSchema: z.object({ refuse: z.boolean() }),
  call: ({ refuse }) => {
    if (refuse) throw new ProtocolError("invalidParams", "no");
    return "yes";
  },
});

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function connect(options: Parameters<typeof traceServer>[0] = {}) {
  const held = deferred<string>();
  const begun = deferred<void>();
  const hold = defineTool({
    name: "hold",
    call: () => {
      begun.resolve();
      return held.promise;
    },
  });
  const report = defineTool({
    name: "report",
    task: "required",
    taskOptions: { pollIntervalMs: 1 },
    call: async (_args, context) => {
      const { action } = await context.elicit("sure", {
        message: "Sure?",
        requestedSchema: z.object({ yes: z.boolean() }),
      });
      return action;
    },
  });
  const server = createServer({
    name: "x",
    version: "1.0.0",
    tools: [add, refusing, broken, strict, hold, report],
    extensions: [tasks()],
    observer: traceServer(options),
    onError: () => {},
  });
  const client = createClient(server, {
    middleware: [traceClient(options)],
    extensions: [followTasks()],
    onElicit: () => ({ action: "accept", content: { yes: true } }),
  });
  onTestFinished(async () => {
    await client.close();
    await server.close();
  });
  return { server, client, held, begun };
}

/** The attributes of each series, without those that all calls of tools have. */
async function callsAt(
  side: "client" | "server",
): Promise<readonly { readonly [key: string]: unknown }[]> {
  const series = await recorded.series(`mcp.${side}.operation.duration`);
  return series
    .filter(({ attributes }) => attributes["mcp.method.name"] === "tools/call")
    .map(({ attributes, value }) => {
      const { "mcp.method.name": _method, "gen_ai.operation.name": operation, ...own } = attributes;
      expect(operation).toBe("execute_tool");
      expect(own["mcp.protocol.version"]).toBe("2026-07-28");
      const { "mcp.protocol.version": _version, ...others } = own;
      return { ...others, calls: value };
    });
}

const tool = "gen_ai.tool.name";
const errorType = "error.type";
const code = "rpc.response.status_code";

it("records the duration of calls by tool and by error, on both sides", async () => {
  const { client } = connect();
  await client.callTool("add", { a: 1, b: 2 });
  await client.callTool("add", { a: 1, b: 2 });
  await client.callTool("refusing");
  await client.callTool("broken").catch(() => {});
  for (const side of ["client", "server"] as const) {
    const calls = await callsAt(side);
    expect(calls).toContainEqual({ [tool]: "add", calls: 2 });
    expect(calls).toContainEqual({ [tool]: "refusing", [errorType]: "tool_error", calls: 1 });
    expect(calls).toHaveLength(3);
  }
});

it("records errors by code, and names no tool that may not exist", async () => {
  const { client } = connect();
  for (const name of ["made-up-1", "made-up-2", "made-up-3"]) {
    await client.callTool(name as "add", { a: 1, b: 2 }).catch(() => {});
  }
  for (const side of ["client", "server"] as const) {
    const refused = { [errorType]: "-32602", [code]: "-32602", calls: 3 };
    expect(await callsAt(side)).toEqual([refused]);
  }
});

it("names the tool of a refused call once the tool is known", async () => {
  const { client } = connect();
  for (const refuse of [true, false, true]) {
    await client.callTool("strict", { refuse }).catch(() => {});
  }
  const refused = { [errorType]: "-32602", [code]: "-32602" };
  const calls = await callsAt("server");
  expect(calls).toHaveLength(3);
  expect(calls).toContainEqual({ ...refused, calls: 1 });
  expect(calls).toContainEqual({ [tool]: "strict", calls: 1 });
  expect(calls).toContainEqual({ [tool]: "strict", ...refused, calls: 1 });
});

it("bounds the number of names", async () => {
  const names = Array.from({ length: 600 }, (_, index) => `tool-${index}`);
  const server = createServer({
    name: "x",
    version: "1.0.0",
    tools: names.map((name) => defineTool({ name, call: () => "" })),
    observer: traceServer(),
  });
  const client = createClient(server);
  for (const name of names) await client.callTool(name as never);
  const seen = (await callsAt("server")).map((series) => series[tool]);
  expect(seen).toHaveLength(500);
  expect(seen).toContain("_OTHER");
  await client.close();
});

it("counts requests in flight", async () => {
  const { client, held, begun } = connect();
  const call = client.callTool("hold");
  await begun.promise;
  const attributes = { "mcp.method.name": "tools/call" };
  for (const side of ["client", "server"]) {
    const series = await recorded.series(`lutra.${side}.active_requests`);
    expect(series).toContainEqual({ attributes, value: 1 });
  }
  held.resolve("done");
  await call;
  for (const side of ["client", "server"]) {
    const series = await recorded.series(`lutra.${side}.active_requests`);
    expect(series).toContainEqual({ attributes, value: 0 });
  }
});

it("counts open subscriptions, and ends their duration with the acknowledgement", async () => {
  const { client } = connect();
  const subscription = await client.listen({ toolsListChanged: true });
  for (const side of ["client", "server"]) {
    const open = async () => (await recorded.series(`lutra.${side}.subscriptions`))[0]?.value;
    expect(await open()).toBe(1);
    const durations = await recorded.series(`mcp.${side}.operation.duration`);
    const listening = durations.filter(
      ({ attributes }) => attributes["mcp.method.name"] === "subscriptions/listen",
    );
    expect(listening).toMatchObject([{ value: 1 }]);
  }
  subscription.close();
  await vi.waitFor(
    async () => {
      for (const side of ["client", "server"]) {
        expect((await recorded.series(`lutra.${side}.subscriptions`))[0]?.value).toBe(0);
      }
    },
    { timeout: 15_000 },
  );
});

it("counts tasks by the status that they enter", async () => {
  const { client } = connect();
  await client.callTool("report");
  const series = await recorded.series("lutra.server.tasks");
  const counts = series.map(({ attributes, value }) => [attributes["lutra.task.status"], value]);
  expect(Object.fromEntries(counts)).toEqual({ working: 2, input_required: 1, completed: 1 });
  expect(new Set(series.map(({ attributes }) => attributes[tool]))).toEqual(new Set(["report"]));
});

it("takes a meter of the application", async () => {
  metrics.disable();
  const provider = new MeterProvider();
  const meter = provider.getMeter("own");
  const createHistogram = vi.spyOn(meter, "createHistogram");
  const { client } = connect({ meter });
  await client.callTool("add", { a: 1, b: 2 });
  expect(createHistogram.mock.calls.map(([name]) => name)).toEqual([
    "mcp.server.operation.duration",
    "mcp.client.operation.duration",
  ]);
  await provider.shutdown();
});

it("records nothing without an SDK, and from then on with one", async () => {
  await recorded.close();
  const { client } = connect();
  await client.callTool("add", { a: 1, b: 2 });
  recorded = recordMetrics();
  expect(await recorded.series("mcp.server.operation.duration")).toEqual([]);
  await client.callTool("add", { a: 1, b: 2 });
  expect(await callsAt("server")).toEqual([{ [tool]: "add", calls: 1 }]);
});
