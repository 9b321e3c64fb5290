/** What a client does about tasks, against servers that answer as a test says. */
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

/** A client whose tasks look, one after the other, as these say; the last goes on. */
function client(
  looks: readonly (Result | Error)[],
  options: FollowTasksOptions = {},
  more: ClientOptions = {},
) {
  let count = 0;
  const script: Script = (request) => {
    if (request.method === "tools/call") return created;
    if (request.method !== "tasks/get") return undefined;
    const look = looks[Math.min(count++, looks.length - 1)] as Result | Error;
    if (look instanceof Error) throw look;
    return look;
  };
  const extensions = [followTasks({ notifications: false, ...options })];
  const server = scripted(script, { random: () => 0, extensions, ...more });
  return {
    ...server,
    sent: (method: string) => server.requests.filter((it) => it.method === method),
  };
}

describe("ext-tasks/tasks#task-polling", () => {
  it("the extension MUST be declared on every request", async () => {
    const { client: it, requests } = client([done]);
    const result = it.callTool("t");
    await vi.runAllTimersAsync();
    await result;
    await it.listTools();
    for (const request of requests) {
      expect(metaOf(request)["io.modelcontextprotocol/clientCapabilities"]).toEqual({
        extensions: { "io.modelcontextprotocol/tasks": {} },
      });
    }
  });

  it("SHOULD respect the latest pollIntervalMs, also a lower or absent one", async () => {
    const looks = [
      { ...working, pollIntervalMs: 300 },
      { ...working, pollIntervalMs: 1 },
      { ...working, lastUpdatedAt: "2026-07-29T00:00:00Z" },
      done,
    ];
    const { client: it, sent } = client(looks);
    const result = it.callTool("t");
    const counts: number[] = [];
    for (const ms of [49, 1, 299, 1, 9, 1, 999, 1]) {
      await vi.advanceTimersByTimeAsync(ms);
      counts.push(sent("tasks/get").length);
    }
    expect(counts).toEqual([0, 1, 1, 2, 2, 3, 3, 4]);
    expect(await result).toMatchObject({ content: [] });
  });

  it("a look that fails for now is tried again", async () => {
    const closed = new TransportError("closed", "gone");
    const { client: it } = client([closed, closed, peerError(-32603), done]);
    const result = it.callTool("t");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await result).toMatchObject({ content: [] });
  });

  it("a task that is unknown is an error at once", async () => {
    const { client: it, sent } = client([peerError(-32602)]);
    const result = expect(it.callTool("t")).rejects.toMatchObject({ code: -32602 });
    await vi.advanceTimersByTimeAsync(50);
    await result;
    expect(sent("tasks/get")).toHaveLength(1);
  });

  it("the time to live is a backstop where the server never says that it is over", async () => {
    const { client: it } = client([working]);
    const result = expect(it.callTool("t")).rejects.toMatchObject({
      name: "TaskError",
      reason: "expired",
      taskId: "1",
    });
    await vi.advanceTimersByTimeAsync(62_000);
    await result;
  });
});

describe("what a server says of a task", () => {
  it.each([
    ["another task's id", { ...done, taskId: "2" }],
    ["an unknown status", { ...working, status: "lost" }],
    ["no result", { ...done, result: undefined }],
    ["a result that is none of a tool", { ...done, result: { text: "" } }],
    ["no error", { ...working, status: "failed" }],
    ["no input requests", { ...working, status: "input_required" }],
    ["a time that is none", { ...working, createdAt: "now" }],
    ["a time to live with a fraction", { ...working, ttlMs: 0.5 }],
  ])("is refused where it has %s", async (_what, look) => {
    const { client: it } = client([look]);
    const result = expect(it.callTool("t")).rejects.toMatchObject({ reason: "malformed" });
    await vi.advanceTimersByTimeAsync(50);
    await result;
  });

  it("is refused where no task was asked for: undeclared, or of another method", async () => {
    const plain = scripted(() => created);
    await expect(plain.client.callTool("t")).rejects.toMatchObject({ reason: "malformed" });
    const { client: it } = scripted(() => created, { extensions: [followTasks()] });
    await expect(it.getPrompt("p")).rejects.toMatchObject({ reason: "malformed" });
  });
});

describe("ext-tasks/tasks#task-update-requests", () => {
  const accept = { action: "accept", content: {} } as const;

  it("a key is answered once, however often it is shown", async () => {
    const asked: string[] = [];
    const looks = [asks({ a: question() }), asks({ a: question(), b: question() }), done];
    const { client: it, sent } = client(
      looks,
      {},
      {
        onElicit: (_params, { key }) => {
          asked.push(key);
          return accept;
        },
      },
    );
    const result = it.callTool("t");
    await vi.advanceTimersByTimeAsync(200);
    await result;
    expect(asked).toEqual(["a", "b"]);
    expect(sent("tasks/update").map(({ params }) => params?.inputResponses)).toEqual([
      { a: accept },
      { b: accept },
    ]);
  });

  it("an answer that does not get through for now is sent again, and nobody is asked again", async () => {
    const passing = [peerError(-32603), new TransportError("http", "away", { status: 503 })];
    let isAnswered = false;
    const onElicit = vi.fn(() => accept);
    const script: Script = ({ method }) => {
      if (method === "tools/call") return created;
      if (method === "tasks/get") return isAnswered ? done : asks({ a: question() });
      const failure = passing.shift();
      if (failure !== undefined) throw failure;
      isAnswered = true;
      return { resultType: "complete" };
    };
    const extensions = [followTasks({ notifications: false })];
    const { client: it, requests } = scripted(script, { random: () => 0, extensions, onElicit });
    const result = it.callTool("t");
    await vi.advanceTimersByTimeAsync(5000);
    expect(await result).toMatchObject({ content: [] });
    expect(onElicit).toHaveBeenCalledTimes(1);
    const updates = requests.filter(({ method }) => method === "tasks/update");
    const answers = updates.map(({ params }) => params?.inputResponses);
    expect(answers).toEqual([{ a: accept }, { a: accept }, { a: accept }]);
  });

  it("a look that a busy server puts off is taken when the server says", async () => {
    const busy = new TransportError("http", "busy", { status: 429, retryAfterMs: 20_000 });
    let looks = 0;
    const script: Script = ({ method }) => {
      if (method === "tools/call") return created;
      looks += 1;
      if (looks === 1) throw busy;
      return done;
    };
    const extensions = [followTasks({ notifications: false })];
    const { client: it } = scripted(script, { random: () => 0, extensions });
    const result = it.callTool("t");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(looks).toBe(1);
    await vi.advanceTimersByTimeAsync(50);
    expect(looks).toBe(2);
    expect(await result).toMatchObject({ content: [] });
  });

  it("an answer that is refused ends the waiting", async () => {
    const script: Script = ({ method }) => {
      if (method === "tools/call") return created;
      if (method === "tasks/get") return asks({ a: question() });
      throw peerError(-32602);
    };
    const extensions = [followTasks({ notifications: false })];
    const { client: it } = scripted(script, { extensions, onElicit: () => accept });
    const result = expect(it.callTool("t")).rejects.toMatchObject({ code: -32602 });
    await vi.advanceTimersByTimeAsync(200);
    await result;
  });

  it("a key that comes back with another request is an error", async () => {
    const looks = [asks({ a: question("one") }), asks({ a: question("two") })];
    const { client: it } = client(looks, {}, { onElicit: () => accept });
    const result = expect(it.callTool("t")).rejects.toMatchObject({ reason: "malformed" });
    await vi.advanceTimersByTimeAsync(200);
    await result;
  });

  it("what the client has no handler for stays open", async () => {
    const sampling = { method: "sampling/createMessage", params: { messages: [], maxTokens: 1 } };
    const looks = [asks({ a: question(), s: sampling }), done];
    const { client: it, sent, warnings } = client(looks, {}, { onElicit: () => accept });
    const result = it.callTool("t");
    await vi.advanceTimersByTimeAsync(200);
    await result;
    expect(sent("tasks/update").map(({ params }) => params?.inputResponses)).toEqual([
      { a: accept },
    ]);
    expect(warnings).toEqual([expect.stringContaining("sampling/createMessage")]);
  });

  it("a handler that fails ends the waiting with its error; one still at it learns of the end", async () => {
    const failed = new Error("no user");
    const { client: it } = client(
      [asks({ a: question() })],
      {},
      {
        onElicit: () => {
          throw failed;
        },
      },
    );
    const result = expect(it.callTool("t")).rejects.toBe(failed);
    await vi.advanceTimersByTimeAsync(200);
    await result;

    let signal: AbortSignal | undefined;
    const slow = client(
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

describe("giving up", () => {
  it("a signal stops the waiting and not the task", async () => {
    const { client: it, sent } = client([working]);
    const controller = new AbortController();
    const result = it.callTool("t", {}, { signal: controller.signal });
    result.catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    controller.abort();
    await expect(result).rejects.toMatchObject({ name: "TransportError", reason: "aborted" });
    await vi.advanceTimersByTimeAsync(5000);
    expect(sent("tasks/get")).toHaveLength(1);
    expect(sent("tasks/cancel")).toEqual([]);
  });

  it("where that is asked for, it cancels the task by tasks/cancel", async () => {
    const { client: it, sent } = client([working], { cancelOnAbort: true });
    const controller = new AbortController();
    const result = it.callTool("t", {}, { signal: controller.signal });
    result.catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    controller.abort();
    await expect(result).rejects.toMatchObject({ reason: "aborted" });
    await vi.advanceTimersByTimeAsync(0);
    expect(sent("tasks/cancel").map(({ params }) => params?.taskId)).toEqual(["1"]);
  });

  it("many tasks followed at once are no leak to warn of", async () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const { client: it } = client([working]);
    for (const _ of Array(50)) it.callTool("t").catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    await it.close();
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it("closing the client ends the waiting, also of whoever watches", async () => {
    const watching = client([working]);
    const next = watching.client.tasks.watch("1")[Symbol.asyncIterator]();
    await next.next();
    const second = next.next();
    second.catch(() => {});
    await watching.client.close();
    await expect(second).rejects.toMatchObject({ name: "TransportError", reason: "closed" });

    const { client: it } = client([working]);
    const result = it.callTool("t");
    result.catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    await it.close();
    await expect(result).rejects.toMatchObject({ name: "TransportError", reason: "closed" });
  });
});

describe("ids that are kept", () => {
  it("onTask hears of a task before it is followed, forget when it is over", async () => {
    const kept: unknown[] = [];
    const { client: it, sent } = client([done], {
      onTask: async (task) => {
        await Promise.resolve();
        expect(sent("tasks/get")).toEqual([]);
        kept.push(task);
      },
      forget: (taskId) => void kept.push(taskId),
    });
    const result = it.callTool("t");
    await vi.advanceTimersByTimeAsync(60);
    await result;
    expect(kept).toEqual([{ taskId: "1", tool: "t", server: "in memory" }, "1"]);
  });

  it("resume goes on with a task of earlier", async () => {
    const { client: it, requests } = client([done]);
    expect(await it.tasks.resume("1")).toMatchObject({ content: [] });
    expect(requests.map(({ method }) => method)).toEqual(["tasks/get"]);
  });

  it("a task that was given up is not forgotten", async () => {
    const kept: unknown[] = [];
    const { client: it } = client([working], { forget: (taskId) => void kept.push(taskId) });
    const controller = new AbortController();
    const result = it.callTool("t", {}, { signal: controller.signal });
    result.catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    controller.abort();
    await expect(result).rejects.toMatchObject({ reason: "aborted" });
    expect(kept).toEqual([]);
    await it.tasks.cancel("1");
    expect(kept).toEqual(["1"]);
  });
});

describe("client.tasks", () => {
  it("start gives the task, and its result to whoever waits for it", async () => {
    const { client: it, sent } = client([done]);
    const call = await it.tasks.start("t");
    expect(call.task).toMatchObject({ taskId: "1", status: "working" });
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent("tasks/get")).toEqual([]);
    const result = call.result();
    await vi.advanceTimersByTimeAsync(60);
    expect(await result).toMatchObject({ content: [] });
  });

  it("start has no task where the server answers at once", async () => {
    const { client: it } = scripted(() => undefined, { extensions: [followTasks()] });
    const { task, result } = await it.tasks.start("t");
    expect(task).toBeUndefined();
    expect(await result()).toMatchObject({ content: [] });
  });

  it("watch shows each change once, to the end", async () => {
    const half = { ...working, statusMessage: "half" };
    const { client: it } = client([working, working, half, done]);
    const seen: unknown[] = [];
    const watching = (async () => {
      for await (const task of it.tasks.watch("1")) seen.push(task.statusMessage ?? task.status);
    })();
    await vi.advanceTimersByTimeAsync(5000);
    await watching;
    expect(seen).toEqual(["working", "half", "completed"]);
  });

  it("get, update and cancel send what they say", async () => {
    const { client: it, requests } = client([done]);
    expect(await it.tasks.get("1")).toMatchObject({ status: "completed" });
    await it.tasks.update("1", { a: { action: "decline" } });
    await it.tasks.cancel("1");
    const sent = requests.map(({ method, params: { _meta, ...params } = {} }) => [method, params]);
    expect(sent).toEqual([
      ["tasks/get", { taskId: "1" }],
      ["tasks/update", { taskId: "1", inputResponses: { a: { action: "decline" } } }],
      ["tasks/cancel", { taskId: "1" }],
    ]);
  });

  it("is not there on a client without the extension", () => {
    expect(scripted(() => undefined).client.tasks).toBeUndefined();
  });
});

describe("notifications", () => {
  const ack = "notifications/subscriptions/acknowledged";
  const idKey = "io.modelcontextprotocol/subscriptionId";

  /** A server that tells of tasks, or acknowledges that it does not. */
  function telling(taskIds: readonly string[] | undefined, tell: readonly Result[] = []) {
    const script: Script = (request, context) => {
      if (request.method === "tools/call") return created;
      if (request.method === "tasks/get") return working;
      if (request.method !== "subscriptions/listen") return undefined;
      const _meta = { [idKey]: request.id };
      const send = (method: string, params: JSONObject) =>
        void context.notify({ jsonrpc: "2.0", method, params: { _meta, ...params } });
      send(ack, { notifications: { taskIds } });
      for (const task of tell) send("notifications/tasks", task);
      return untilGivenUp(context);
    };
    const server = scripted(script, { extensions: [followTasks()] });
    return {
      ...server,
      sent: (method: string) => server.requests.filter((it) => it.method === method),
    };
  }

  it("are preferred to polling", async () => {
    const { client: it, sent } = telling(["1"], [working, done]);
    const result = it.callTool("t");
    await vi.advanceTimersByTimeAsync(0);
    expect(await result).toMatchObject({ content: [] });
    expect(sent("tasks/get")).toEqual([]);
    expect(sent("subscriptions/listen")[0]?.params?.notifications).toEqual({ taskIds: ["1"] });
  });

  it("still leave a look now and then, since they may get lost", async () => {
    const { client: it, sent } = telling(["1"]);
    const result = it.callTool("t");
    result.catch(() => {});
    await vi.advanceTimersByTimeAsync(29_000);
    expect(sent("tasks/get")).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent("tasks/get")).toHaveLength(1);
    await it.close();
  });

  it("are asked for as long as connections are left for other things", async () => {
    const { client: it, sent } = telling(["1"]);
    for (const _ of Array(10)) it.callTool("t").catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    expect(sent("subscriptions/listen")).toHaveLength(4);
    expect(sent("tasks/get").length).toBeGreaterThanOrEqual(6);
    await it.close();
  });

  it("are not asked for again where a server sends none", async () => {
    const { client: it, sent } = telling(undefined);
    for (const _ of [1, 2]) it.callTool("t").catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    it.callTool("t").catch(() => {});
    await vi.advanceTimersByTimeAsync(60);
    expect(sent("subscriptions/listen")).toHaveLength(2);
    expect(sent("tasks/get").length).toBeGreaterThan(1);
    await it.close();
  });
});
