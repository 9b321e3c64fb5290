import { isInputRequired } from "lutra/client";
import { defineMethod, ProtocolError, type Serve } from "lutra/protocol";
import {
  createServer,
  defineExtension,
  definePrompt,
  defineResourceTemplate,
  defineTool,
  serveMethod,
} from "lutra/server";
import { createManualClock } from "lutra/testing";
import { describe, expect, it } from "vitest";
import {
  clientOf,
  contextOf,
  type FakeUpstream,
  fakeUpstream,
  mergeOf,
  requestOf,
} from "./fixtures/upstreams.ts";

const say = (name: string, text: string) => defineTool({ name, call: () => text });

const ask = defineTool({
  name: "ask",
  call: async (_arguments, context) => {
    const answer = await context.elicit("who", {
      message: "Who?",
      requestedSchema: { type: "object", properties: { name: { type: "string" } } },
    });
    return `${answer.action}`;
  },
});

const textOf = (result: object) =>
  (result as { content: readonly { text: string }[] }).content[0]?.text;

const call = (name: string, params: object = {}) => requestOf("tools/call", { name, ...params });

describe("a merged server", () => {
  const upstreams = () => [
    fakeUpstream(
      "a",
      createServer({ name: "a", version: "1", tools: [say("s", "a"), say("x", "x")] }),
    ),
    fakeUpstream("b", createServer({ name: "b", version: "1", tools: [say("s", "b")] })),
  ];

  it.each([
    ["a.s", "a", "s"],
    ["b.s", "b", "s"],
    ["x", "x", "x"],
  ])("for %s reach its upstream under its own name", async (name, text, original) => {
    const [a, b] = upstreams() as [FakeUpstream, FakeUpstream];
    const merge = mergeOf([a, b]);
    expect(textOf(await merge.serve(call(name), contextOf()))).toBe(text);
    const calls = [...a.asked("tools/call"), ...b.asked("tools/call")];
    expect(calls.map(({ params }) => params?.name)).toEqual([original]);
  });

  it("refuses a name that collides, without its prefix", async () => {
    const merge = mergeOf(upstreams());
    await expect(merge.serve(call("s"), contextOf())).rejects.toMatchObject({
      code: -32602,
      message: "Unknown tool: s",
    });
  });

  it("sends headers that match the translated body", async () => {
    const [a, b] = upstreams() as [FakeUpstream, FakeUpstream];
    const headers: Readonly<Record<string, string>> = {
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": "a.s",
    };
    const context = contextOf(undefined, { header: (name) => headers[name] });
    expect(textOf(await mergeOf([a, b]).serve(call("a.s"), context))).toBe("a");
  });

  it("reads the lists for an unknown tool once, and not again at once", async () => {
    const server = createServer({ name: "a", version: "1", tools: [say("x", "x")] });
    const a = fakeUpstream("a", server);
    const clock = createManualClock();
    const merge = mergeOf([a], { now: clock.now });
    const asked = () => a.asked("tools/list").length;
    await Promise.all([1, 2, 3].map(() => merge.serve(call("x"), contextOf())));
    expect(asked()).toBe(1);
    await expect(merge.serve(call("y"), contextOf())).rejects.toMatchObject({ code: -32602 });
    expect(asked()).toBe(1);
    clock.advance(1000);
    server.tools.add(say("y", "y"));
    expect(textOf(await merge.serve(call("y"), contextOf()))).toBe("y");
    expect(asked()).toBe(2);
  });

  it("finds names that only this caller sees", async () => {
    const serve: Serve = async ({ method }, { principal }) => ({
      resultType: "complete",
      ...(method === "tools/list"
        ? { tools: principal?.id === "ada" ? [{ name: "x", inputSchema: {} }] : [] }
        : { content: [{ type: "text", text: "x" }] }),
    });
    const merge = mergeOf([fakeUpstream("a", { serve })]);
    await expect(merge.serve(call("x"), contextOf("bob"))).rejects.toMatchObject({ code: -32602 });
    expect(textOf(await merge.serve(call("x"), contextOf("ada")))).toBe("x");
  });

  it("takes nothing from other callers for names and URIs that it shows to one caller", async () => {
    const db = createServer({
      name: "db",
      version: "1",
      tools: [say("search", "db")],
      resourceTemplates: [
        defineResourceTemplate({ uriTemplate: "db://{table}", name: "t", read: () => "db" }),
      ],
    });
    const entries = (method: string) =>
      method === "tools/list"
        ? { tools: [{ name: "search", inputSchema: {} }] }
        : { resources: [{ uri: "db://users", name: "u" }] };
    const none = { tools: [], resources: [], resourceTemplates: [], prompts: [] };
    const custom = fakeUpstream("custom", {
      serve: async ({ method }, { principal }) => ({
        resultType: "complete",
        ...none,
        ...(principal?.id === "mallory" && entries(method)),
      }),
    });
    const merge = mergeOf([fakeUpstream("db", db), custom]);
    const read = requestOf("resources/read", { uri: "db://users" });
    for (const method of ["tools/list", "resources/list"]) {
      await merge.serve(requestOf(method), contextOf("mallory"));
    }
    await expect(merge.serve(call("search"), contextOf("mallory"))).rejects.toThrow("Unknown tool");
    await expect(merge.serve(read, contextOf("mallory"))).rejects.toThrow("Resource not found");
    expect(textOf(await merge.serve(call("search"), contextOf("bob")))).toBe("db");
    expect(await merge.serve(read, contextOf("bob"))).toMatchObject({ contents: [{ text: "db" }] });
    const sent = custom.requests.map(({ method }) => method);
    expect(sent.filter((method) => !method.endsWith("list"))).toEqual([]);
  });

  it("answers 503 to an unknown name while an upstream was never reached", async () => {
    const [a, b] = upstreams() as [FakeUpstream, FakeUpstream];
    b.isDown = true;
    const merge = mergeOf([a, b]);
    await expect(merge.serve(call("y"), contextOf())).rejects.toMatchObject({
      code: -32603,
      status: 503,
      data: { upstream: "b" },
    });
  });

  it.each([
    ["without _meta", { jsonrpc: "2.0", id: 1, method: "tools/list" }, -32602],
    ["of an unknown version", withVersion("1900-01-01"), -32022],
    ["of an unknown method", requestOf("tools/dance"), -32601],
    ["without a name", requestOf("tools/call"), -32602],
    ["with a malformed cursor", requestOf("tools/list", { cursor: 1 }), -32602],
  ] as const)("%s are refused", async (_what, request, code) => {
    await expect(mergeOf(upstreams()).serve(request, contextOf())).rejects.toMatchObject({ code });
  });

  it("passes progress and log messages through unchanged", async () => {
    const work = defineTool({
      name: "work",
      call: async (_arguments, context) => {
        await context.progress(1);
        return "done";
      },
    });
    const server = (name: string) => createServer({ name, version: "1", tools: [work] });
    const merge = mergeOf([fakeUpstream("a", server("a")), fakeUpstream("b", server("b"))]);
    const progress: number[] = [];
    const client = clientOf(merge);
    await client.callTool("b.work", {}, { onProgress: (one) => progress.push(one.progress) });
    expect(progress).toEqual([1]);
  });

  it("passes the caller's principal to the upstream", async () => {
    const [a] = upstreams() as [FakeUpstream];
    await mergeOf([a]).serve(call("x"), contextOf("ada"));
    expect(a.contexts.map(({ principal }) => principal?.id)).toEqual(["ada", "ada"]);
  });

  it("replaces the upstream's name by the client's in errors", async () => {
    const serve: Serve = async ({ method }) => {
      if (method !== "tools/call") {
        return { resultType: "complete", tools: [{ name: "gone", inputSchema: {} }] };
      }
      throw new ProtocolError("invalidParams", "Unknown tool: gone", { data: { name: "gone" } });
    };
    const merge = mergeOf([fakeUpstream("a", { serve })], { prefix: "always" });
    await expect(merge.serve(call("a.gone"), contextOf())).rejects.toMatchObject({
      message: "Unknown tool: a.gone",
      data: { name: "a.gone" },
    });
  });

  it("reads lists again after forget", async () => {
    const server = createServer({ name: "a", version: "1", tools: [say("x", "x")] });
    const a = fakeUpstream("a", server);
    const merge = mergeOf([a], { pageSize: 1, refreshMs: 0 });
    server.tools.add(say("y", "y"));
    const { nextCursor } = await merge.serve(requestOf("tools/list"), contextOf());
    server.tools.replace([say("x", "x"), say("z", "z")]);
    merge.forget("a", "toolsListChanged");
    const page = requestOf("tools/list", { cursor: nextCursor });
    expect((await merge.serve(page, contextOf())).tools).toMatchObject([{ name: "z" }]);
  });

  it("rejects two upstreams with the same name", () => {
    const [a] = upstreams() as [FakeUpstream];
    expect(() => mergeOf([a, a])).toThrow(TypeError);
    expect(() => mergeOf([a], { pageSize: 0 })).toThrow(TypeError);
  });
});

describe("basic/patterns/mrtr", () => {
  const upstreams = () => [
    fakeUpstream("a", createServer({ name: "a", version: "1", tools: [ask] })),
    fakeUpstream("b", createServer({ name: "b", version: "1", tools: [ask] })),
  ];
  const elicitation = { elicitation: {} };
  const round = (name: string, more: object = {}) =>
    requestOf("tools/call", { name, ...more }, elicitation);
  const inputResponses = { who: { action: "accept", content: { name: "Ada" } } };

  it("returns request state to its upstream, through any gateway with the keys", async () => {
    const both = upstreams();
    const { requestState } = await mergeOf(both).serve(round("b.ask"), contextOf("ada"));
    const retry = round("b.ask", { requestState, inputResponses });
    expect(textOf(await mergeOf(both).serve(retry, contextOf("ada")))).toBe("accept");
    expect(both[0]?.asked("tools/call")).toEqual([]);
  });

  it("lets a client answer input requests as with one server", async () => {
    const client = clientOf(mergeOf(upstreams()), {
      onElicit: async () => ({ action: "accept", content: { name: "Ada" } }),
    });
    expect(textOf(await client.callTool("a.ask", {}))).toBe("accept");
  });

  it.each([
    ["another upstream", "a.ask", "ada"],
    ["another principal", "b.ask", "bob"],
  ])("refuses request state of %s with -32602", async (_what, name, principal) => {
    const both = upstreams();
    const merge = mergeOf(both);
    const { requestState } = await merge.serve(round("b.ask"), contextOf("ada"));
    const retry = round(name, { requestState, inputResponses });
    const before = both.flatMap((one) => one.asked("tools/call")).length;
    await expect(merge.serve(retry, contextOf(principal))).rejects.toMatchObject({ code: -32602 });
    expect(both.flatMap((one) => one.asked("tools/call"))).toHaveLength(before);
  });

  it.each(["made up", 7])("refuses the request state %j", async (requestState) => {
    const retry = round("a.ask", { requestState });
    const answer = mergeOf(upstreams()).serve(retry, contextOf());
    await expect(answer).rejects.toMatchObject({ code: -32602 });
  });

  it("returns the answers to an upstream that sent no state, without state", async () => {
    const seen: unknown[] = [];
    const stateless: Serve = async ({ method, params }) => {
      if (method === "tools/list") {
        return { resultType: "complete", tools: [{ name: "ask", inputSchema: {} }] };
      }
      seen.push(params?.requestState);
      if (params?.inputResponses) return { resultType: "complete", content: [] };
      const question = { method: "roots/list", params: {} };
      return { resultType: "input_required", inputRequests: { who: question } };
    };
    const both = [fakeUpstream("a", { serve: stateless }), fakeUpstream("b", { serve: stateless })];
    const merge = mergeOf(both);
    const asked = await merge.serve(round("a.ask"), contextOf());
    expect(isInputRequired(asked)).toBe(true);
    const retry = { requestState: asked.requestState, inputResponses };
    const elsewhere = merge.serve(round("b.ask", retry), contextOf());
    await expect(elsewhere).rejects.toMatchObject({ code: -32602 });
    await merge.serve(round("a.ask", retry), contextOf());
    expect(seen).toEqual([undefined, undefined]);
  });
});

describe("server/utilities/completion", () => {
  const server = (name: string) =>
    createServer({
      name,
      version: "1",
      prompts: [
        definePrompt({
          name: "greet",
          arguments: { who: { complete: () => [`prompt of ${name}`] } },
          get: () => name,
        }),
      ],
      resourceTemplates: [
        defineResourceTemplate({
          uriTemplate: "place://{id}",
          name: "place",
          complete: { id: () => [`place of ${name}`] },
          read: () => name,
        }),
      ],
    });
  const merge = () => mergeOf([fakeUpstream("a", server("a")), fakeUpstream("b", server("b"))]);
  const complete = async (ref: object, argument: string) => {
    const params = { ref, argument: { name: argument, value: "" } };
    const result = await merge().serve(requestOf("completion/complete", params), contextOf());
    return (result.completion as { values: unknown }).values;
  };

  it("completes arguments of prompts at their upstream", async () => {
    const ref = { type: "ref/prompt", name: "b.greet" };
    expect(await complete(ref, "who")).toEqual(["prompt of b"]);
  });

  it("completes variables of templates at their upstream", async () => {
    const ref = { type: "ref/resource", uri: "b+place://{id}" };
    expect(await complete(ref, "id")).toEqual(["place of b"]);
  });

  it.each([
    ["ref/prompt", { name: "greet" }],
    ["ref/resource", { uri: "place://{id}" }],
  ])("refuses a %s that belongs to several", async (type, rest) => {
    await expect(complete({ type, ...rest }, "x")).rejects.toMatchObject({ code: -32602 });
  });
});

describe("ids that upstreams mint", () => {
  const tasksId = "io.modelcontextprotocol/tasks";
  const declared = { extensions: { [tasksId]: {} } };
  const method = (name: string) =>
    defineMethod({ name, params: (p) => p, result: (r) => r, nameField: "taskId" });
  const tasks = defineExtension({
    id: tasksId,
    middleware: (next) => async (request, context) =>
      request.method === "tools/call"
        ? { resultType: "task", taskId: "raw-task-id", status: "working", ttlMs: null }
        : next(request, context),
    methods: [
      serveMethod(method("tasks/get"), (params) => {
        const { taskId } = params as { taskId: string };
        if (taskId !== "raw-task-id") throw new ProtocolError("invalidParams", "Unknown task");
        const result = { content: [{ type: "resource_link", uri: "memo:1", name: "memo" }] };
        return { resultType: "complete", taskId, status: "completed", ttlMs: 5, result };
      }),
    ],
  });
  const upstreams = () =>
    ["a", "b"].map((name) =>
      fakeUpstream(
        name,
        createServer({ name, version: "1", tools: [say("run", name)], extensions: [tasks] }),
      ),
    ) as [FakeUpstream, FakeUpstream];
  const get = (taskId: unknown, capabilities: object = declared) =>
    requestOf("tasks/get", { taskId }, capabilities);
  const start = async (both: readonly FakeUpstream[], principal = "ada") => {
    const request = requestOf("tools/call", { name: "b.run" }, declared);
    return (await mergeOf(both).serve(request, contextOf(principal))).taskId as string;
  };

  it("routes an id to its upstream, and returns it as the client sent it", async () => {
    const [a, b] = upstreams();
    const taskId = await start([a, b]);
    expect(taskId).not.toContain("raw-task-id");
    const result = await mergeOf([a, b]).serve(get(taskId), contextOf("ada"));
    expect(result).toMatchObject({ taskId, status: "completed", ttlMs: 5 });
    expect(b.asked("tasks/get").map(({ params }) => params?.taskId)).toEqual(["raw-task-id"]);
    expect(a.asked("tasks/get")).toEqual([]);
    expect(b.contexts.at(-1)?.addHeaders).toBeUndefined();
  });

  it("mirrors an id into the header in the upstream's form", async () => {
    const [a, b] = upstreams();
    const taskId = await start([a, b]);
    await mergeOf([a, b]).serve(get(taskId), contextOf("ada"));
    const index = b.requests.findIndex(({ method: name }) => name === "tasks/get");
    expect(b.contexts[index]?.addHeaders).toEqual({ "Mcp-Name": "raw-task-id" });
  });

  it("translates the URIs in the result of a task", async () => {
    const both = upstreams();
    const result = await mergeOf(both).serve(get(await start(both)), contextOf("ada"));
    expect(result.result).toMatchObject({ content: [{ uri: "b+memo:1" }] });
  });

  it("answers the same -32602 to an unknown, a modified and a foreign id", async () => {
    const both = upstreams();
    const taskId = await start(both);
    const merge = mergeOf(both, { methods: [method("tasks/get")] });
    const refusals = await Promise.all(
      [
        merge.serve(get("raw-task-id"), contextOf("ada")),
        merge.serve(get(`${taskId}A`), contextOf("ada")),
        merge.serve(get(taskId), contextOf("bob")),
        merge.serve(get(7), contextOf("ada")),
      ].map((answer) => answer.catch((error: ProtocolError) => error.toWire?.())),
    );
    const same = { code: -32602, message: "params.taskId: unknown" };
    expect(refusals).toEqual([same, same, same, same]);
  });

  it("refuses an id without the extension before its upstream is asked", async () => {
    const both = upstreams();
    const answer = mergeOf(both).serve(get(await start(both), {}), contextOf("ada"));
    await expect(answer).rejects.toMatchObject({ code: -32021, status: 400 });
  });

  it("seals ids of other extensions whose methods are listed", async () => {
    const jobs = defineMethod({ ...method("com.example/job"), nameField: "jobId" });
    const serve: Serve = async ({ method: name, params }) => {
      if (name === "tools/list") {
        return { resultType: "complete", tools: [{ name: "run", inputSchema: {} }] };
      }
      return { resultType: "com.example/job", jobId: params?.jobId ?? "7" };
    };
    const merge = mergeOf([fakeUpstream("a", { serve })], { methods: [jobs] });
    const { jobId } = await merge.serve(call("run"), contextOf());
    expect(jobId).not.toBe("7");
    const again = await merge.serve(requestOf("com.example/job", { jobId }), contextOf());
    expect(again.jobId).toBe(jobId);
  });
});

function withVersion(version: string) {
  const request = requestOf("tools/list");
  const _meta = {
    ...(request.params?._meta as object),
    "io.modelcontextprotocol/protocolVersion": version,
  };
  return { ...request, params: { _meta } };
}
