import {
  coreMethods,
  type JSONRPCRequest,
  type Middleware,
  ProtocolError,
  type Serve,
} from "lutra/protocol";
import { createServer, defineTool, ToolError } from "lutra/server";
import { taskMethods, tasks, tasksId } from "lutra/tasks";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { contextOf, fakeUpstream, mergeOf, requestOf } from "../merge/fixtures/upstreams.ts";
import { admission } from "./admission.ts";
import { followTasks } from "./follow-tasks.ts";

const admitted = admission(
  new Map([...coreMethods, ...taskMethods].map((method) => [method.name, method])),
);

const aborted: string[] = [];
const task = { task: "required" } as const;

/** Runs until its signal aborts. */
const hang = defineTool({
  name: "hang",
  ...task,
  call: (_args, { signal }) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => {
        aborted.push("hang");
        resolve("");
      });
    }),
});

const tools = [
  defineTool({ name: "plain", call: () => "at once" }),
  defineTool({ name: "slow", ...task, call: () => "after a while" }),
  defineTool({
    name: "unlucky",
    ...task,
    call: () => {
      throw new ToolError("not today");
    },
  }),
  defineTool({
    name: "broken",
    ...task,
    call: () => {
      throw new ProtocolError("internalError", "broken");
    },
  }),
  defineTool({
    name: "asks",
    ...task,
    call: async (_args, context) => {
      const answer = await context.elicit("sure", {
        message: "Sure?",
        requestedSchema: { type: "object", properties: { ok: { type: "boolean" } } },
      });
      return answer.action;
    },
  }),
  hang,
];

const servers: { readonly close: () => Promise<void> }[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) await server.close();
  aborted.length = 0;
});

function upstreamOf(pollIntervalMs = 10) {
  const extensions = [tasks({ pollIntervalMs, closeGraceMs: 0 })];
  const server = createServer({ name: "a", version: "1", tools, extensions });
  servers.push(server);
  return fakeUpstream("a", server);
}

/** Directly to the upstream, or through a merged server, which seals ids. */
const paths = [
  ["directly", (upstream: ReturnType<typeof upstreamOf>) => upstream.serve],
  [
    "through a merged server",
    (upstream: ReturnType<typeof upstreamOf>) =>
      mergeOf([upstream, fakeUpstream("b", createServer({ name: "b", version: "1" }))]).serve,
  ],
] as const;

const through = (middleware: Middleware, next: Parameters<Middleware>[0]) =>
  admitted(middleware(next));
const call = (name: string, capabilities: object = {}): JSONRPCRequest =>
  requestOf("tools/call", { name, arguments: {} }, capabilities);

describe.each(paths)("a call without the extension, %s", (_path, serveOf) => {
  const follow = (upstream = upstreamOf(), totalMs = 60_000) =>
    through(followTasks({ upstream: "a", totalMs }), serveOf(upstream));

  it("gets the result of its task", async () => {
    const result = await follow()(call("slow"), contextOf("ada"));
    expect(result).toMatchObject({ resultType: "complete", content: [{ text: "after a while" }] });
    expect(result).not.toHaveProperty("taskId");
  });

  it("gets its result unchanged if it does not become a task", async () => {
    const upstream = upstreamOf();
    const result = await follow(upstream)(call("plain"), contextOf("ada"));
    expect(result).toMatchObject({ content: [{ text: "at once" }] });
    expect(upstream.asked("tasks/get")).toEqual([]);
  });

  it("fails with the error of its task", async () => {
    const serve = follow();
    expect(await serve(call("unlucky"), contextOf())).toMatchObject({ isError: true });
    await expect(serve(call("broken"), contextOf())).rejects.toMatchObject({ code: -32603 });
  });

  it("cancels a task that asks for input, and names the capability that is missing", async () => {
    const upstream = upstreamOf();
    const asked = call("asks", { elicitation: { form: {} } });
    await expect(follow(upstream)(asked, contextOf())).rejects.toMatchObject({
      code: -32021,
      message: expect.stringContaining("asks for input"),
      data: { requiredCapabilities: { extensions: { [tasksId]: {} } } },
    });
    await expect.poll(() => upstream.asked("tasks/cancel").length).toBe(1);
  });

  it("cancels its task when the client aborts", async () => {
    const upstream = upstreamOf();
    const { signal, abort } = controlled();
    const answer = follow(upstream)(call("hang"), contextOf("ada", { signal }));
    await expect.poll(() => upstream.asked("tasks/get").length).toBeGreaterThan(1);
    abort();
    await expect(answer).rejects.toMatchObject({ reason: "aborted" });
    await expect.poll(() => aborted).toEqual(["hang"]);
  });

  it("fails with 504 after its total time, and cancels its task", async () => {
    const answer = follow(upstreamOf(), 100)(call("hang"), contextOf("ada"));
    await expect(answer).rejects.toMatchObject({ status: 504, kind: "timeout" });
    await expect.poll(() => aborted).toEqual(["hang"]);
  });

  it("continues after an outage of the upstream", async () => {
    onTestFinished(() => void vi.useRealTimers());
    const upstream = upstreamOf();
    let failures = 3;
    const serve: Serve = (request, context) => {
      const isDown = request.method === "tasks/get" && failures > 0;
      if (isDown) {
        failures -= 1;
        skipPause();
      }
      upstream.isDown = isDown;
      return upstream.serve(request, context);
    };
    const answer = follow({ ...upstream, serve })(call("slow"), contextOf("ada"));
    expect(await answer).toMatchObject({ content: [{ text: "after a while" }] });
    expect(failures).toBe(0);
  });

  it("fails without cancelling if its task no longer exists", async () => {
    const upstream = upstreamOf();
    const serve: Serve = async (request, context) => {
      if (request.method === "tasks/get") throw new ProtocolError("invalidParams", "unknown");
      return upstream.serve(request, context);
    };
    const answer = follow({ ...upstream, serve })(call("hang"), contextOf("ada"));
    await expect(answer).rejects.toMatchObject({
      code: -32603,
      message: "The task of this call no longer exists",
    });
    expect(upstream.asked("tasks/cancel")).toEqual([]);
  });

  it("gets the task itself with the extension", async () => {
    const upstream = upstreamOf();
    const declared = { extensions: { [tasksId]: {} } };
    const result = await follow(upstream)(call("slow", declared), contextOf("ada"));
    expect(result).toMatchObject({ resultType: "task", taskId: expect.any(String) });
    expect(upstream.asked("tasks/get")).toEqual([]);
  });
});

it("polls no sooner than the upstream suggests", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const upstream = upstreamOf(300);
  const serve = through(followTasks({ upstream: "a", totalMs: 60_000 }), upstream.serve);
  const answer = serve(call("slow"), contextOf());
  await vi.waitFor(() => expect(upstream.asked("tools/call")).toHaveLength(1));
  await vi.advanceTimersByTimeAsync(299);
  expect(upstream.asked("tasks/get")).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  await answer;
  expect(upstream.asked("tasks/get")).toHaveLength(1);
});

/** Ends the pause that begins when the current request fails. Other timers keep running. */
function skipPause(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  setImmediate(() => vi.advanceTimersByTime(10_000));
}

function controlled() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
