import { describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../../../protocol/errors.ts";
import { ToolError } from "../../../server/results.ts";
import { defineTool } from "../../../server/tools.ts";
import { form, gate, has, isOver, taskServer, yes } from "../fixtures/task-server.ts";

const greet = defineTool({ name: "greet", call: () => "Hello" });
const work = defineTool({ name: "work", task: "optional", call: () => "done" });
const must = defineTool({ name: "must", task: "required", call: () => "done" });
const ask = defineTool({
  name: "ask",
  task: "optional",
  call: async (_args, context) => {
    const [a, b] = await Promise.all([context.elicit("a", form), context.elicit("b", form)]);
    return `${a.action} ${b.action}`;
  },
});

describe("ext-tasks/tasks#capability-negotiation", () => {
  it("the extension appears in server/discover only if the server lists it", async () => {
    const { ask } = taskServer([work]);
    const { capabilities } = await ask("server/discover");
    expect(capabilities).toMatchObject({ extensions: { "io.modelcontextprotocol/tasks": {} } });
    expect(capabilities).not.toHaveProperty("tasks");
    const plain = defineTool({ name: "plain", call: () => "done" });
    const without = taskServer([plain], { server: { extensions: [] } });
    expect(await without.ask("server/discover")).not.toHaveProperty("capabilities.extensions");
    expect(await without.call("plain")).toMatchObject({ resultType: "complete" });
    await expect(without.get("x")).rejects.toMatchObject({ code: -32601, status: 404 });
  });

  it("a tool with task settings needs the extension", () => {
    const start = () => taskServer([work], { server: { extensions: [] } });
    expect(start).toThrow(TypeError);
    expect(start).toThrow(
      /^tool work: task: unknown option.*for example extensions: \[tasks\(\)\]$/,
    );
  });

  it("a server MUST NOT return CreateTaskResult to a client that did not declare it on this request", async () => {
    const { call } = taskServer([work]);
    expect(await call("work")).toMatchObject({ resultType: "task" });
    const result = await call("work", {}, { capabilities: {} });
    expect(result).toMatchObject({ resultType: "complete", content: [{ text: "done" }] });
    expect(result).not.toHaveProperty("taskId");
  });

  it("a call of a tool that requires tasks MUST be refused with -32021 without the extension", async () => {
    let runs = 0;
    const counting = defineTool({ name: "n", task: "required", call: () => `${++runs}` });
    const { call } = taskServer([counting]);
    await expect(call("n", {}, { capabilities: {} })).rejects.toMatchObject({
      code: -32021,
      status: 400,
      data: { requiredCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } },
    });
    expect(runs).toBe(0);
  });

  it("capabilities and parameters for tasks of earlier revisions are ignored", async () => {
    const { ask, call } = taskServer([greet, must]);
    const params = { name: "greet", arguments: {}, task: { ttl: 1, pollInterval: 1 } };
    expect(await ask("tools/call", params)).toMatchObject({ resultType: "complete" });
    const capabilities = { tasks: { requests: { tools: { call: {} } } } } as never;
    await expect(call("must", {}, { capabilities })).rejects.toMatchObject({ code: -32021 });
  });

  it.each(["tasks/get", "tasks/update", "tasks/cancel"])(
    "%s MUST be refused with -32021 without the extension, before the task is read",
    async (method) => {
      const { ask, call } = taskServer([work]);
      const { taskId } = await call("work");
      for (const id of [taskId, "unknown"]) {
        const params = { taskId: id, inputResponses: {} };
        await expect(ask(method, params, { capabilities: {} })).rejects.toMatchObject({
          code: -32021,
          status: 400,
          data: { requiredCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } },
        });
      }
    },
  );

  it.each(["tasks/list", "tasks/result"])("%s is refused with -32601", async (method) => {
    const { ask } = taskServer([work]);
    await expect(ask(method, { taskId: "x" })).rejects.toMatchObject({ code: -32601, status: 404 });
  });
});

describe("ext-tasks/tasks#task-creation", () => {
  it("the call returns a flat CreateTaskResult without a result", async () => {
    const { call } = taskServer([work]);
    const result = await call("work");
    expect(Object.keys(result).sort()).toEqual([
      "createdAt",
      "lastUpdatedAt",
      "pollIntervalMs",
      "resultType",
      "status",
      "taskId",
      "ttlMs",
    ]);
    expect(result).toMatchObject({ resultType: "task", status: "working", ttlMs: 3_600_000 });
  });

  it("a task MUST be readable when its CreateTaskResult is sent", async () => {
    const { call, get } = taskServer([work]);
    const { taskId } = await call("work");
    expect(await get(taskId)).toMatchObject({ resultType: "complete", taskId });
  });

  it("arguments and names are checked before a task is created", async () => {
    const inputSchema = { type: "object", properties: { n: { type: "number" } } } as const;
    const { call } = taskServer([{ ...work, inputSchema }]);
    expect(await call("work", { n: "x" })).toMatchObject({ resultType: "complete", isError: true });
    await expect(call("none")).rejects.toMatchObject({ code: -32602 });
  });

  it("questions before the task SHOULD be asked in the call itself", async () => {
    const early = defineTool({
      name: "early",
      task: "required",
      taskOptions: { promoteAfterMs: Infinity },
      call: async (_args, context) => {
        const before = await context.elicit("before", form);
        await context.startTask();
        const after = await context.elicit("after", form);
        return `${before.action} ${after.action}`;
      },
    });
    const { ask, until, update } = taskServer([early]);
    const params = { name: "early", arguments: {} };
    const first = await ask("tools/call", params);
    expect(first).toMatchObject({ resultType: "input_required", inputRequests: { before: {} } });
    expect(first).not.toHaveProperty("taskId");
    const { requestState } = first;
    const answered = { ...params, requestState, inputResponses: { before: yes } };
    const second = await ask("tools/call", answered);
    expect(second).toMatchObject({ resultType: "task", status: "working" });
    expect(second).not.toHaveProperty("requestState");
    const { inputRequests } = await until(second.taskId, has("input_required"));
    expect(Object.keys(inputRequests as object)).toEqual(["after-1"]);
    await update(second.taskId, { "after-1": { action: "decline" } });
    const { result } = await until(second.taskId, isOver);
    expect(result).toMatchObject({ content: [{ text: "accept decline" }] });
  });

  it("task ids are long and unique", async () => {
    const { call } = taskServer([work]);
    const ids = await Promise.all(
      Array.from({ length: 100 }, async () => (await call("work")).taskId),
    );
    expect(new Set(ids).size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
  });
});

describe("ext-tasks/tasks#response", () => {
  it("tasks/get returns a working task without a result", async () => {
    const { open, opened } = gate();
    const slow = defineTool({ ...work, call: () => opened.then(() => "x") });
    const { call, get, until } = taskServer([slow]);
    const { taskId } = await call("work");
    const task = await get(taskId);
    expect(task).toMatchObject({ resultType: "complete", status: "working" });
    expect(task).not.toHaveProperty("result");
    open();
    await until(taskId, has("completed"));
  });

  it("tasks/get returns a completed task with the exact result of the call", async () => {
    const { call, until } = taskServer([work]);
    const plain = await call("work", {}, { capabilities: {} });
    const { result, resultType } = await until((await call("work")).taskId, isOver);
    expect(resultType).toBe("complete");
    expect(result).toEqual(plain);
  });

  it("tasks/get returns all open input requests of a task with the status input_required", async () => {
    const { call, until, update, get } = taskServer([ask]);
    const { taskId } = await call("ask");
    const task = await until(taskId, has("input_required"));
    expect(Object.keys(task.inputRequests as object)).toEqual(["a-1", "b-2"]);
    expect(await update(taskId, { "a-1": yes })).toMatchObject({ resultType: "complete" });
    const partly = await get(taskId);
    expect(partly.status).toBe("input_required");
    expect(Object.keys(partly.inputRequests as object)).toEqual(["b-2"]);
    await update(taskId, { "a-1": { action: "cancel" }, "b-2": yes, other: { any: 1 } });
    const { result } = await until(taskId, isOver);
    expect(result).toMatchObject({ content: [{ text: "accept accept" }] });
  });

  it.each([
    ["a ToolError", new ToolError("no luck"), "no luck"],
    ["any other error, masked", new Error("secret"), "Internal error"],
  ])("a task whose result has isError is completed: %s", async (_what, thrown, text) => {
    const failing = defineTool({
      ...work,
      call: () => {
        throw thrown;
      },
    });
    const { call, until } = taskServer([failing]);
    const task = await until((await call("work")).taskId, isOver);
    const result = { isError: true, content: [{ type: "text", text }] };
    expect(task).toMatchObject({ status: "completed", result });
  });

  it.each([
    [
      "a protocol error unchanged",
      new ProtocolError("invalidParams", "bad", { data: 7 }),
      {
        code: -32602,
        message: "bad",
        data: 7,
      },
    ],
  ])("a failed task contains %s", async (_what, thrown, error) => {
    const failing = defineTool({
      ...work,
      call: () => {
        throw thrown;
      },
    });
    const { call, until } = taskServer([failing]);
    const task = await until((await call("work")).taskId, isOver);
    expect(task).toMatchObject({ status: "failed", error, statusMessage: error.message });
    expect(task).not.toHaveProperty("result");
  });

  it("onError is called with the tool of a failed task", async () => {
    const thrown = new Error("no such row");
    const failing = defineTool({ ...work, call: () => Promise.reject(thrown) });
    const onError = vi.fn();
    const { call, until } = taskServer([failing], { server: { onError } });
    await until((await call("work")).taskId, isOver);
    expect(onError.mock.calls).toEqual([[thrown, "tools/call work"]]);
  });
});

describe("ext-tasks/tasks#streamable-http-routing-headers", () => {
  it.each(["tasks/get", "tasks/update", "tasks/cancel"])(
    "%s is refused with -32020 if Mcp-Name is missing or names another task",
    async (method) => {
      const { ask, call } = taskServer([work]);
      const { taskId } = await call("work");
      const params = { taskId, inputResponses: {} };
      const headersOf = (name: string | undefined) => (header: string) => {
        const headers: { readonly [header: string]: string | undefined } = {
          "mcp-protocol-version": "2026-07-28",
          "mcp-method": method,
          "mcp-name": name,
        };
        return headers[header];
      };
      for (const name of [undefined, "other"]) {
        const refused = ask(method, params, { header: headersOf(name) });
        await expect(refused).rejects.toMatchObject({ code: -32020, status: 400 });
      }
      const header = headersOf(taskId as string);
      expect(await ask(method, params, { header })).toMatchObject({ resultType: "complete" });
    },
  );
});
