/** Tasks on a client, against scripted servers. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  metaOf,
  peerError,
  type Script,
  scripted,
  untilGivenUp,
} from "../../../client/fixtures/scripted-server.ts";
import type { ClientOptions } from "../../../client/index.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import type { Result } from "../../../protocol/json-rpc.ts";
import { TransportError } from "../../../protocol/transport-error.ts";
import { type FollowTasksOptions, followTasks } from "./follow-tasks.ts";

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 6, 28) }));
afterEach(() => vi.useRealTimers());

const time = new Date(Date.UTC(2026, 6, 28)).toISOString();
const info = { taskId: "1", createdAt: time, lastUpdatedAt: time, ttlMs: 60_000 };
const working: Result = { ...info, resultType: "complete", status: "working" };
const done: Result = { ...working, status: "completed", result: { content: [] } };
const created: Result = { ...info, resultType: "task", status: "working", pollIntervalMs: 50 };

const question = (message = "?") => ({
  method: "elicitation/create",
  params: { mode: "form", message, requestedSchema: { type: "object", properties: {} } },
});
const asks = (inputRequests: JSONObject): Result => ({
  ...working,
  status: "input_required",
  pollIntervalMs: 50,
  inputRequests,
});

/** A client and a server whose task has these states, one for each poll; the last one repeats. */
function clientFor(
  states: readonly (Result | Error)[],
  options: FollowTasksOptions = {},
  more: ClientOptions = {},
) {
  let count = 0;
  const script: Script = (request) => {
    if (request.method === "tools/call") return created;
    if (request.method !== "tasks/get") return undefined;
    const state = states[Math.min(count++, states.length - 1)] as Result | Error;
    if (state instanceof Error) throw state;
    return state;
  };
  const extensions = [followTasks({ notifications: false, ...options })];
  const server = scripted(script, { random: () => 0, extensions, ...more });
  return {
    ...server,
    sent: (method: string) => server.requests.filter((request) => request.method === method),
  };
}

describe("ext-tasks/tasks#task-polling", () => {
  it("declares the extension on every request", async () => {
    const { client, requests } = clientFor([done]);
    const result = client.callTool("t");
    await vi.runAllTimersAsync();
    await result;
    await client.listTools();
    for (const request of requests) {
      expect(metaOf(request)["io.modelcontextprotocol/clientCapabilities"]).toEqual({
        extensions: { "io.modelcontextprotocol/tasks": {} },
      });
    }
  });

  it("polls at the latest pollIntervalMs, also at a lower or absent one", async () => {
    const states = [
      { ...working, pollIntervalMs: 300 },
      { ...working, pollIntervalMs: 1 },
      { ...working, lastUpdatedAt: "2026-07-29T00:00:00Z" },
      done,
    ];
    const { client, sent } = clientFor(states);
    const result = client.callTool("t");
    const counts: number[] = [];
    for (const ms of [49, 1, 299, 1, 9, 1, 999, 1]) {
      await vi.advanceTimersByTimeAsync(ms);
      counts.push(sent("tasks/get").length);
    }
    expect(counts).toEqual([0, 1, 1, 2, 2, 3, 3, 4]);
    expect(await result).toMatchObject({ content: [] });
  });

  it("polls within 5 minutes, whatever pollIntervalMs asks for", async () => {
    const { client, sent } = clientFor([
      { ...working, pollIntervalMs: Number.MAX_SAFE_INTEGER, ttlMs: null },
      done,
    ]);
    const result = client.callTool("t");
    await vi.advanceTimersByTimeAsync(50 + 300_000 - 1);
    expect(sent("tasks/get")).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await result).toMatchObject({ content: [] });
  });

  it("retries a poll after a transient failure", async () => {
    const closed = new TransportError("closed", "gone");
    const { client } = clientFor([closed, closed, peerError(-32603), done]);
    const result = client.callTool("t");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await result).toMatchObject({ content: [] });
  });

  it("rejects an unknown task after one poll", async () => {
    const { client, sent } = clientFor([peerError(-32602)]);
    const result = expect(client.callTool("t")).rejects.toMatchObject({ code: -32602 });
    await vi.advanceTimersByTimeAsync(50);
    await result;
    expect(sent("tasks/get")).toHaveLength(1);
  });

  it("rejects a task that is still working after its time to live", async () => {
    const { client } = clientFor([working]);
    const result = expect(client.callTool("t")).rejects.toMatchObject({
      name: "TaskError",
      reason: "expired",
      taskId: "1",
    });
    await vi.advanceTimersByTimeAsync(62_000);
    await result;
  });
});

describe("a malformed task", () => {
  it.each([
    ["the id of another task", { ...done, taskId: "2" }],
    ["an unknown status", { ...working, status: "lost" }],
    ["no result", { ...done, result: undefined }],
    ["a result without content", { ...done, result: { text: "" } }],
    ["no error", { ...working, status: "failed" }],
    ["no input requests", { ...working, status: "input_required" }],
    ["an unreadable time", { ...working, createdAt: "now" }],
    ["a fractional time to live", { ...working, ttlMs: 0.5 }],
  ])("rejects a task with %s", async (_what, state) => {
    const { client } = clientFor([state]);
    const result = expect(client.callTool("t")).rejects.toMatchObject({ reason: "malformed" });
    await vi.advanceTimersByTimeAsync(50);
    await result;
  });

  it("rejects a task without the extension, and for a method other than tools/call", async () => {
    const plain = scripted(() => created);
    await expect(plain.client.callTool("t")).rejects.toMatchObject({ reason: "malformed" });
    const { client } = scripted(() => created, { extensions: [followTasks()] });
    await expect(client.getPrompt("p")).rejects.toMatchObject({ reason: "malformed" });
  });
});

describe("ext-tasks/tasks#task-update-requests", () => {
  const accept = { action: "accept", content: {} } as const;

  it("answers a key once, even if the task keeps asking for it", async () => {
    const asked: string[] = [];
    const states = [asks({ a: question() }), asks({ a: question(), b: question() }), done];
    const { client, sent } = clientFor(
      states,
      {},
      {
        onElicit: (_params, { key }) => {
          asked.push(key);
          return accept;
        },
      },
    );
    const result = client.callTool("t");
    await vi.advanceTimersByTimeAsync(200);
    await result;
    expect(asked).toEqual(["a", "b"]);
    expect(sent("tasks/update").map(({ params }) => params?.inputResponses)).toEqual([
      { a: accept },
      { b: accept },
    ]);
  });

  it("sends an answer again after a transient failure, without asking the user again", async () => {
    const failures = [peerError(-32603), new TransportError("http", "away", { status: 503 })];
    let isAnswered = false;
    const onElicit = vi.fn(() => accept);
    const script: Script = ({ method }) => {
      if (method === "tools/call") return created;
      if (method === "tasks/get") return isAnswered ? done : asks({ a: question() });
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      isAnswered = true;
      return { resultType: "complete" };
    };
    const extensions = [followTasks({ notifications: false })];
    const { client, requests } = scripted(script, { random: () => 0, extensions, onElicit });
    const result = client.callTool("t");
    await vi.advanceTimersByTimeAsync(5000);
    expect(await result).toMatchObject({ content: [] });
    expect(onElicit).toHaveBeenCalledTimes(1);
    const updates = requests.filter(({ method }) => method === "tasks/update");
    const answers = updates.map(({ params }) => params?.inputResponses);
    expect(answers).toEqual([{ a: accept }, { a: accept }, { a: accept }]);
  });

  it("postpones the next poll for as long as a busy server asks", async () => {
    const busy = new TransportError("http", "busy", { status: 429, retryAfterMs: 20_000 });
    let polls = 0;
    const script: Script = ({ method }) => {
      if (method === "tools/call") return created;
      polls += 1;
      if (polls === 1) throw busy;
      return done;
    };
    const extensions = [followTasks({ notifications: false })];
    const { client } = scripted(script, { random: () => 0, extensions });
    const result = client.callTool("t");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(polls).toBe(1);
    await vi.advanceTimersByTimeAsync(50);
    expect(polls).toBe(2);
    expect(await result).toMatchObject({ content: [] });
  });

  it("rejects the call if the server refuses an answer", async () => {
    const script: Script = ({ method }) => {
      if (method === "tools/call") return created;
      if (method === "tasks/get") return asks({ a: question() });
      throw peerError(-32602);
    };
    const extensions = [followTasks({ notifications: false })];
    const { client } = scripted(script, { extensions, onElicit: () => accept });
    const result = expect(client.callTool("t")).rejects.toMatchObject({ code: -32602 });
    await vi.advanceTimersByTimeAsync(200);
    await result;
  });

  it("rejects a known key with another request", async () => {
    const states = [asks({ a: question("one") }), asks({ a: question("two") })];
    const { client } = clientFor(states, {}, { onElicit: () => accept });
    const result = expect(client.callTool("t")).rejects.toMatchObject({ reason: "malformed" });
    await vi.advanceTimersByTimeAsync(200);
    await result;
  });

  it("leaves requests without a handler unanswered, with a warning", async () => {
    const sampling = { method: "sampling/createMessage", params: { messages: [], maxTokens: 1 } };
    const states = [asks({ a: question(), s: sampling }), done];
    const { client, sent, warnings } = clientFor(states, {}, { onElicit: () => accept });
    const result = client.callTool("t");
    await vi.advanceTimersByTimeAsync(200);
    await result;
    expect(sent("tasks/update").map(({ params }) => params?.inputResponses)).toEqual([
      { a: accept },
    ]);
    expect(warnings).toEqual([expect.stringContaining("sampling/createMessage")]);
  });

  it("rejects with the error of a failed handler, and aborts a handler when the task ends", async () => {
    const failed = new Error("no user");
    const { client } = clientFor(
      [asks({ a: question() })],
      {},
      {
        onElicit: () => {
          throw failed;
        },
      },
    );
    const result = expect(client.callTool("t")).rejects.toBe(failed);
    await vi.advanceTimersByTimeAsync(200);
    await result;

    let signal: AbortSignal | undefined;
    const slow = clientFor(
      [asks({ a: question() }), done],
      {},
      {
        onElicit: (_params, info) => {
          signal = info.signal;
          return new Promise(() => {});
        },
      },
    );
    const second = slow.client.callTool("t");
    await vi.advanceTimersByTimeAsync(200);
    await second;
    expect(signal?.aborted).toBe(true);
  });
});

describe("an abort", () => {
  it("stops waiting for the task and does not cancel it", async () => {
    const { client, sent } = clientFor([working]);
    const controller = new AbortController();
    const result = client.callTool("t", {}, { signal: controller.signal });
    result.catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    controller.abort();
    await expect(result).rejects.toMatchObject({ name: "TransportError", reason: "aborted" });
    await vi.advanceTimersByTimeAsync(5000);
    expect(sent("tasks/get")).toHaveLength(1);
    expect(sent("tasks/cancel")).toEqual([]);
  });

  it("cancels the task with cancelOnAbort", async () => {
    const { client, sent } = clientFor([working], { cancelOnAbort: true });
    const controller = new AbortController();
    const result = client.callTool("t", {}, { signal: controller.signal });
    result.catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    controller.abort();
    await expect(result).rejects.toMatchObject({ reason: "aborted" });
    await vi.advanceTimersByTimeAsync(0);
    expect(sent("tasks/cancel").map(({ params }) => params?.taskId)).toEqual(["1"]);
  });

  it("emits no listener warning for many tasks at once", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const { client } = clientFor([working]);
    for (const _ of Array(50)) client.callTool("t").catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    await client.close();
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it("closing the client ends calls and watchers", async () => {
    const watching = clientFor([working]);
    const next = watching.client.tasks.watch("1")[Symbol.asyncIterator]();
    await next.next();
    const second = next.next();
    second.catch(() => {});
    await watching.client.close();
    await expect(second).rejects.toMatchObject({ name: "TransportError", reason: "closed" });

    const { client } = clientFor([working]);
    const result = client.callTool("t");
    result.catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    await client.close();
    await expect(result).rejects.toMatchObject({ name: "TransportError", reason: "closed" });
  });
});

describe("stored references", () => {
  it("passes a task to onTask before the first poll, and to forget after the end", async () => {
    const kept: unknown[] = [];
    const { client, sent } = clientFor([done], {
      onTask: async (task) => {
        await Promise.resolve();
        expect(sent("tasks/get")).toEqual([]);
        kept.push(task);
      },
      forget: (taskId) => void kept.push(taskId),
    });
    const result = client.callTool("t");
    await vi.advanceTimersByTimeAsync(60);
    await result;
    expect(kept).toEqual([{ taskId: "1", tool: "t", server: "in memory" }, "1"]);
  });

  it("resumes a task by its id", async () => {
    const { client, requests } = clientFor([done]);
    expect(await client.tasks.resume("1")).toMatchObject({ content: [] });
    expect(requests.map(({ method }) => method)).toEqual(["tasks/get"]);
  });

  it("keeps the reference after an abort, and forgets it after cancelling", async () => {
    const kept: unknown[] = [];
    const { client } = clientFor([working], { forget: (taskId) => void kept.push(taskId) });
    const controller = new AbortController();
    const result = client.callTool("t", {}, { signal: controller.signal });
    result.catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    controller.abort();
    await expect(result).rejects.toMatchObject({ reason: "aborted" });
    expect(kept).toEqual([]);
    await client.tasks.cancel("1");
    expect(kept).toEqual(["1"]);
  });
});

describe("client.tasks", () => {
  it("start returns the task, and polls only once its result is awaited", async () => {
    const { client, sent } = clientFor([done]);
    const call = await client.tasks.start("t");
    expect(call.task).toMatchObject({ taskId: "1", status: "working" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent("tasks/get")).toEqual([]);
    const result = call.result();
    await vi.advanceTimersByTimeAsync(60);
    expect(await result).toMatchObject({ content: [] });
  });

  it("start returns no task if the server answers without one", async () => {
    const { client } = scripted(() => undefined, { extensions: [followTasks()] });
    const { task, result } = await client.tasks.start("t");
    expect(task).toBeUndefined();
    expect(await result()).toMatchObject({ content: [] });
  });

  it("watch yields each change once, until the task ends", async () => {
    const half = { ...working, statusMessage: "half" };
    const { client } = clientFor([working, working, half, done]);
    const seen: unknown[] = [];
    const watching = (async () => {
      for await (const task of client.tasks.watch("1"))
        seen.push(task.statusMessage ?? task.status);
    })();
    await vi.advanceTimersByTimeAsync(5000);
    await watching;
    expect(seen).toEqual(["working", "half", "completed"]);
  });

  it("get, update and cancel send their requests", async () => {
    const { client, requests } = clientFor([done]);
    expect(await client.tasks.get("1")).toMatchObject({ status: "completed" });
    await client.tasks.update("1", { a: { action: "decline" } });
    await client.tasks.cancel("1");
    const sent = requests.map(({ method, params: { _meta, ...params } = {} }) => [method, params]);
    expect(sent).toEqual([
      ["tasks/get", { taskId: "1" }],
      ["tasks/update", { taskId: "1", inputResponses: { a: { action: "decline" } } }],
      ["tasks/cancel", { taskId: "1" }],
    ]);
  });

  it("client.tasks is undefined without the extension", () => {
    expect(scripted(() => undefined).client.tasks).toBeUndefined();
  });
});

describe("notifications", () => {
  const ack = "notifications/subscriptions/acknowledged";
  const idKey = "io.modelcontextprotocol/subscriptionId";

  /** A server that agrees to send notifications of these tasks, and sends these states. */
  function notifying(taskIds: readonly string[] | undefined, sent: readonly Result[] = []) {
    const script: Script = (request, context) => {
      if (request.method === "tools/call") return created;
      if (request.method === "tasks/get") return working;
      if (request.method !== "subscriptions/listen") return undefined;
      const _meta = { [idKey]: request.id };
      const send = (method: string, params: JSONObject) =>
        void context.notify({ jsonrpc: "2.0", method, params: { _meta, ...params } });
      send(ack, { notifications: { taskIds } });
      for (const task of sent) send("notifications/tasks", task);
      return untilGivenUp(context);
    };
    const server = scripted(script, { extensions: [followTasks()] });
    return {
      ...server,
      sent: (method: string) => server.requests.filter((request) => request.method === method),
    };
  }

  it("notifications replace polls", async () => {
    const { client, sent } = notifying(["1"], [working, done]);
    const result = client.callTool("t");
    await vi.advanceTimersByTimeAsync(0);
    expect(await result).toMatchObject({ content: [] });
    expect(sent("tasks/get")).toEqual([]);
    expect(sent("subscriptions/listen")[0]?.params?.notifications).toEqual({ taskIds: ["1"] });
  });

  it("a task with notifications is also polled every 30 seconds, because they may be lost", async () => {
    const { client, sent } = notifying(["1"]);
    const result = client.callTool("t");
    result.catch(() => {});
    await vi.advanceTimersByTimeAsync(29_000);
    expect(sent("tasks/get")).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent("tasks/get")).toHaveLength(1);
    await client.close();
  });

  it("requests notifications of four tasks at a time", async () => {
    const { client, sent } = notifying(["1"]);
    for (const _ of Array(10)) client.callTool("t").catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    expect(sent("subscriptions/listen")).toHaveLength(4);
    expect(sent("tasks/get").length).toBeGreaterThanOrEqual(6);
    await client.close();
  });

  it("does not request notifications again from a server that sends none", async () => {
    const { client, sent } = notifying(undefined);
    for (const _ of [1, 2]) client.callTool("t").catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    client.callTool("t").catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    expect(sent("subscriptions/listen")).toHaveLength(2);
    expect(sent("tasks/get").length).toBeGreaterThan(1);
    await client.close();
  });
});
