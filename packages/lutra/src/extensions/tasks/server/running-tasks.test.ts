/** Tasks while they run: cancellation, lost processes, slow calls and limits. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Principal } from "../../../protocol/exchange.ts";
import type { Server } from "../../../server/compile-server.ts";
import { createServer } from "../../../server/create-server.ts";
import { ask } from "../../../server/fixtures/ask.ts";
import type { HandlerContext } from "../../../server/handler/handler-context.ts";
import { inputRequired } from "../../../server/results.ts";
import { randomKeys } from "../../../server/seal.ts";
import type { ToolDefinition } from "../../../server/tools.ts";
import { createMemoryEventBus } from "../../../stores/memory-event-bus.ts";
import { createMemoryTaskStore } from "../../../stores/memory-task-store.ts";
import { StoreUnavailableError } from "../../../stores/store-unavailable-error.ts";
import type { HeldTask, StoredTask, TakenTask, TaskStore } from "../../../stores/task-store.ts";
import { changedAttempt } from "../fixtures/changed-attempt.ts";
import { declared, form, gate, has, isOver, taskServer, yes } from "../fixtures/task-server.ts";
import { tasks } from "./tasks.ts";
import type { ToolTaskOptions } from "./tool-settings.ts";

const tool = (
  call: (args: never, context: HandlerContext) => unknown,
  taskOptions: ToolTaskOptions = {},
): ToolDefinition => ({ name: "t", task: "optional", taskOptions, call });

const request = { method: "elicitation/create", params: { mode: "form", ...form } } as const;

/** Ends when its signal aborts. */
const untilAborted = ({ signal }: HandlerContext) =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason));
  });

afterEach(() => vi.useRealTimers());

describe("ext-tasks/tasks#task-cancellation", () => {
  it("a cancellation MUST be acknowledged with an empty result, and aborts the run", async () => {
    const started = gate<AbortSignal>();
    const endless = tool((_args, context) => {
      started.open(context.signal);
      return untilAborted(context);
    });
    const { call, cancel, get, errors } = taskServer([endless]);
    const { taskId } = await call("t");
    const signal = await started.opened;
    const { _meta, ...ack } = await cancel(taskId);
    expect(ack).toEqual({ resultType: "complete" });
    expect(signal.aborted).toBe(true);
    expect(await get(taskId)).toMatchObject({ status: "cancelled" });
    expect(errors).toEqual([]);
  });

  it("discards a result that arrives after the cancellation", async () => {
    const { open, opened } = gate();
    const started = gate();
    const deaf = tool(() => {
      started.open();
      return opened.then(() => "late");
    });
    const { call, cancel, get, server } = taskServer([deaf]);
    const { taskId } = await call("t");
    await started.opened;
    await cancel(taskId);
    open();
    await server.close();
    const task = await get(taskId);
    expect(task).toMatchObject({ status: "cancelled" });
    expect(task).not.toHaveProperty("result");
  });

  it("acknowledges the cancellation of an ended task without changing it", async () => {
    const { call, cancel, until, get } = taskServer([tool(() => "x")]);
    const { taskId } = await call("t");
    await until(taskId, isOver);
    expect(await cancel(taskId)).toMatchObject({ resultType: "complete" });
    expect(await get(taskId)).toMatchObject({ status: "completed" });
  });

  it("cancels a task that waits for input, and ignores later answers", async () => {
    const { call, cancel, until, update, get } = taskServer([
      tool((_args, context) => context.elicit("a", form)),
    ]);
    const { taskId } = await call("t");
    await until(taskId, has("input_required"));
    await cancel(taskId);
    await update(taskId, { "a-1": yes });
    expect(await get(taskId)).toMatchObject({ status: "cancelled" });
  });
});

describe("ext-tasks/tasks#task-execution: repeated runs", () => {
  type Lists = { readonly list: number[] };

  it.each<[string, ToolTaskOptions]>([
    ["by a worker", {}],
    ["within its request", { promoteAfterMs: Number.POSITIVE_INFINITY }],
  ])("finds what there was, whatever a handler makes of it: %s", async (_where, taskOptions) => {
    const found: string[] = [];
    const careless = tool(async (args: Lists, context) => {
      const early = await context.step("early", (): Lists => ({ list: [1] }));
      if (taskOptions.promoteAfterMs) await context.startTask();
      const outcome = await context.step("late", (): Lists => ({ list: [1] }));
      found.push(JSON.stringify([args, early, outcome]));
      for (const { list } of [args, early, outcome]) list.push(2);
      await context.step("after", () => "so that all is kept once more");
      await context.elicit("sure", form);
      return "done";
    }, taskOptions);
    const inputSchema = { type: "object" };
    const { call, until, update, errors } = taskServer([{ ...careless, inputSchema }]);
    const { taskId } = await call("t", { list: [1] });
    await until(taskId, has("input_required"));
    await update(taskId, { "sure-1": yes });
    await until(taskId, isOver);
    expect(found).toEqual(Array(2).fill('[{"list":[1]},{"list":[1]},{"list":[1]}]'));
    expect(errors).toEqual([]);
  });
});

describe("ext-tasks/tasks#task-execution-errors", () => {
  const loop: Record<string, unknown> = {};
  loop.self = loop;

  it.each([
    ["a number beyond those of JSON", 1n],
    ["what contains itself", loop],
  ])(
    "a step whose outcome can't be kept fails the task, and is not tried again: %s",
    async (_what, outcome) => {
      let runs = 0;
      const odd = tool(async (_args, context) => {
        runs += 1;
        await context.step("odd", () => outcome);
        return "done";
      });
      const { call, until, errors } = taskServer([odd]);
      const { taskId } = await call("t");
      expect(await until(taskId, isOver)).toMatchObject({
        status: "failed",
        error: { code: -32603 },
      });
      expect(runs).toBe(1);
      expect(errors).toEqual([expect.any(TypeError)]);
    },
    5000,
  );
});

describe("ext-tasks/tasks#security-considerations", () => {
  const ann: Principal = { id: "ann" };
  const bob: Principal = { id: "bob" };

  it.each([
    ["another principal", ann, bob],
    ["an unverified caller", ann, undefined],
    ["a principal, of an unverified creator", undefined, bob],
  ])("hides the task from %s", async (_who, owner, other) => {
    const { call, get, cancel, update } = taskServer([tool(() => "x")]);
    const { taskId } = await call("t", {}, owner && { principal: owner });
    const options = other && { principal: other };
    const unknown = await get("unknown", options).catch((error) => error);
    expect(unknown).toMatchObject({ code: -32602, status: 400 });
    for (const refused of [
      get(taskId, options),
      cancel(taskId, options),
      update(taskId, {}, options),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: -32602, message: unknown.message });
    }
    expect(await get(taskId, owner && { principal: owner })).toMatchObject({ taskId });
  });

  it("runs the handler with the principal of the call", async () => {
    const who = tool((_args, { principal }) => JSON.stringify(principal));
    const { call, get } = taskServer([who]);
    const principal = { id: "ann", scopes: ["a"], claims: { team: 1 } };
    const { taskId } = await call("t", {}, { principal });
    await vi.waitUntil(async () => isOver(await get(taskId, { principal })));
    const { result } = await get(taskId, { principal });
    expect(result).toMatchObject({ content: [{ text: JSON.stringify(principal) }] });
  });
});

describe("ext-tasks/tasks#task-update-requests", () => {
  it("refuses an update with -32602 when a response does not fit its request", async () => {
    const asking = tool(async (_args, context) => {
      const both = [context.elicit("a", form), context.elicit("b", form)];
      return JSON.stringify(await Promise.all(both));
    });
    const { call, until, update, get } = taskServer([asking]);
    const { taskId } = await call("t");
    await until(taskId, has("input_required"));
    for (const wrong of [7, { action: "accept", content: { ok: "yes" } }, { action: "sure" }]) {
      await expect(update(taskId, { "a-1": yes, "b-2": wrong })).rejects.toMatchObject({
        code: -32602,
      });
    }
    const { inputRequests } = await get(taskId);
    expect(Object.keys(inputRequests as object)).toEqual(["a-1", "b-2"]);
    await expect(update(taskId, undefined as never)).rejects.toMatchObject({ code: -32602 });
  });

  it("records answers that arrive at different replicas at the same time", async () => {
    const asking = tool(async (_args, context) => {
      const all = await Promise.all(
        Array.from({ length: 8 }, (_, n) => context.elicit(`q${n}`, form)),
      );
      return all.map(({ action }) => action).join(" ");
    });
    const { call, until, update } = taskServer([asking]);
    const { taskId } = await call("t");
    const { inputRequests } = await until(taskId, has("input_required"));
    const keys = Object.keys(inputRequests as object);
    await Promise.all(keys.map((key) => update(taskId, { [key]: yes })));
    const { result } = await until(taskId, isOver);
    expect(result).toMatchObject({ content: [{ text: Array(8).fill("accept").join(" ") }] });
  });

  it("does not ask for input that the client did not declare", async () => {
    const sampling = tool((_args, context) =>
      context.sample("s", { messages: [], maxTokens: 1 }).then(() => ""),
    );
    const { call, until } = taskServer([sampling]);
    const task = await until((await call("t")).taskId, isOver);
    expect(task).toMatchObject({ status: "failed", error: { code: -32021 } });
  });
});

describe("the context of a handler in a task", () => {
  it("shows status messages, and discards progress and log messages", async () => {
    const { open, opened } = gate();
    const talking = tool(async (_args, context) => {
      await context.progress(1);
      await context.log("error", "x");
      await context.status("half way");
      await opened;
      return "";
    });
    const notifications: never[] = [];
    const { call, until } = taskServer([talking], { server: { logging: true } });
    const meta = { progressToken: 1, "io.modelcontextprotocol/logLevel": "debug" };
    const { taskId } = await call("t", {}, { notifications, meta });
    const task = await until(taskId, ({ statusMessage }) => statusMessage !== undefined);
    expect(task).toMatchObject({ status: "working", statusMessage: "half way" });
    open();
    await until(taskId, isOver);
    expect(notifications).toEqual([]);
  });

  it("runs a step once in all rounds, with one idempotency key", async () => {
    const keys: string[] = [];
    let runs = 0;
    const stepping = tool(async (_args, context) => {
      runs += 1;
      const n = await context.step("charge", ({ idempotencyKey }) => keys.push(idempotencyKey));
      await context.elicit("a", form);
      await context.elicit("b", form);
      return String(n);
    });
    const { call, until, update } = taskServer([stepping]);
    const { taskId } = await call("t");
    await until(taskId, has("input_required"));
    await update(taskId, { "a-1": yes });
    await until(taskId, ({ inputRequests }) => "b-2" in ((inputRequests ?? {}) as object));
    await update(taskId, { "b-2": yes });
    expect(await until(taskId, isOver)).toMatchObject({ result: { content: [{ text: "1" }] } });
    expect(runs).toBe(3);
    expect(keys).toEqual([expect.stringMatching(/^[\w-]{22}\/charge$/)]);
    expect(keys[0]).not.toContain(taskId);
  });
});

/** Servers that share a store; each begins to work when it is started. */
function fleet(definition: ToolDefinition, store: TaskStore = createMemoryTaskStore()) {
  const shared = {
    replicas: 2,
    keys: randomKeys(),
    events: createMemoryEventBus(),
    tasks: { ...store, isShared: true },
  };
  return (): Server => {
    const server = createServer({
      name: "test",
      version: "1",
      tools: [definition],
      extensions: [tasks({ closeGraceMs: 0 })],
      onError: () => {},
    });
    server.share(shared);
    return server;
  };
}

describe("replicas", () => {
  const options = { capabilities: declared };
  const params = { name: "t", arguments: {} };

  it("refuses a store that replicas do not share", () => {
    const server = createServer({ name: "x", version: "1", tools: [], extensions: [tasks()] });
    const shared = { replicas: 2, keys: randomKeys() };
    expect(() => server.share(shared)).toThrow(/replicas need a shared store/);
    expect(() => server.share({ ...shared, tasks: createMemoryTaskStore() })).toThrow(TypeError);
    expect(() => server.share({ replicas: 1 })).not.toThrow();
  });

  it("continues a task elsewhere, with its steps and answers, when its process dies", async () => {
    const ran: string[] = [];
    const stuck = gate();
    const definition = tool(async (_args, context) => {
      await context.step("one", () => void ran.push("one"));
      const { action } = await context.elicit("a", form);
      await context.step("two", () => void ran.push("two"));
      if (ran.length > 2) return action;
      ran.push("stuck");
      stuck.open();
      return untilAborted(context);
    });
    const start = fleet(definition);
    const first = start();
    const { taskId } = await ask(first, "tools/call", params, options);
    const get = (server: Server) => ask(server, "tasks/get", { taskId }, options);
    await vi.waitUntil(async () => (await get(first)).status === "input_required");
    await ask(first, "tasks/update", { taskId, inputResponses: { "a-1": yes } }, options);
    await stuck.opened;
    const second = start();
    await first.close();
    await vi.waitUntil(async () => (await get(second)).status === "completed");
    expect(await get(first)).toMatchObject({ result: { content: [{ text: "accept" }] } });
    expect(ran).toEqual(["one", "two", "stuck"]);
    await second.close();
  });

  it("aborts a run at another replica when its task is cancelled", async () => {
    const started = gate<AbortSignal>();
    const start = fleet(
      tool((_args, context) => {
        started.open(context.signal);
        return untilAborted(context);
      }),
    );
    const [a, b] = [start(), start()];
    const { taskId } = await ask(a, "tools/call", params, options);
    const signal = await started.opened;
    await Promise.all([a, b].map((it) => ask(it, "tasks/cancel", { taskId }, options)));
    expect(signal.aborted).toBe(true);
    await Promise.all([a.close(), b.close()]);
  });
});

describe("an unavailable store", () => {
  it("refuses calls with a 503 and Retry-After", async () => {
    const store: TaskStore = {
      ...createMemoryTaskStore(),
      create: () => Promise.reject(new StoreUnavailableError("test", new Error("gone"))),
    };
    const { call } = taskServer([tool(() => "")], { tasks: { store } });
    await expect(call("t")).rejects.toMatchObject({
      code: -32603,
      status: 503,
      retryAfterMs: 2000,
    });
  });

  it("leads to another run, which does not repeat recorded steps", async () => {
    let failures = 1;
    const memory = createMemoryTaskStore({ wait: async () => {} });
    const end = (taken: TakenTask) => async (task: StoredTask) => {
      if (failures-- > 0) throw new StoreUnavailableError("test", new Error("gone"));
      return taken.end(task);
    };
    const store: TaskStore = {
      ...memory,
      work: ({ run, ...options }) =>
        memory.work({
          ...options,
          run: (taken) => run(changedAttempt(taken, { end: end(taken) })),
        }),
    };
    const effects: string[] = [];
    const stepping = tool(async (_args, context) => {
      await context.step("s", () => void effects.push("s"));
      return "done";
    });
    const { call, until, errors } = taskServer([stepping], { tasks: { store } });
    const { taskId } = await call("t");
    expect(await until(taskId, isOver)).toMatchObject({ status: "completed" });
    expect(effects).toEqual(["s"]);
    expect(errors).toEqual([expect.objectContaining({ name: "StoreFailure" })]);
  });
});

describe("limits", () => {
  it("refuses tasks above the limit of a principal", async () => {
    const { open, opened } = gate();
    const { call, until, cancel } = taskServer([tool(() => opened.then(() => ""))], {
      tasks: { maxOpenTasks: 2 },
    });
    const ann = { principal: { id: "ann" } };
    const [first, second] = [await call("t"), await call("t")];
    const refused = { code: -32603, status: 429, retryAfterMs: 1000 };
    await expect(call("t")).rejects.toMatchObject(refused);
    expect(await call("t", {}, ann)).toMatchObject({ resultType: "task" });
    await cancel(first.taskId);
    expect(await call("t")).toMatchObject({ resultType: "task" });
    await expect(call("t")).rejects.toMatchObject(refused);
    open();
    await until(second.taskId, isOver);
    expect(await call("t")).toMatchObject({ resultType: "task" });
  });

  it("runs no more tasks of a tool at once than its concurrency", async () => {
    let running = 0;
    let most = 0;
    const definition = tool(
      async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return "";
      },
      { concurrency: 2 },
    );
    const { call, until } = taskServer([definition]);
    const calls = await Promise.all(Array.from({ length: 10 }, () => call("t")));
    await Promise.all(calls.map(({ taskId }) => until(taskId, isOver)));
    expect(most).toBe(2);
  });

  it.each([
    ["the default of the server", {}, undefined, 3_600_000],
    ["the setting of the tool", { ttlMs: 5000 }, undefined, 5000],
    ["the maximum for a longer setting", { ttlMs: 5000 }, 4000, 4000],
    ["the maximum for null", { ttlMs: null }, undefined, 86_400_000],
    ["no limit for null without a maximum", { ttlMs: null }, Infinity, null],
  ] as const)("sets the time to live of a task: %s", async (_what, options, maxTtlMs, ttlMs) => {
    const tasks = maxTtlMs === undefined ? {} : { maxTtlMs };
    const { call } = taskServer([tool(() => "", options)], { tasks });
    expect(await call("t")).toMatchObject({ ttlMs });
  });

  it.each([{ ttlMs: 0.5 }, { pollIntervalMs: 0 }, { promoteAfterMs: -1 }, { concurrency: 0 }])(
    "refuses invalid options of a tool at the start: %o",
    (options) => {
      expect(() => taskServer([tool(() => "", options)])).toThrow(TypeError);
      expect(() => taskServer([{ ...tool(() => ""), task: "sometimes" as never }])).toThrow(
        TypeError,
      );
    },
  );

  it("deletes an expired task, which is then unknown", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "Date"] });
    const store = createMemoryTaskStore();
    const swept: number[] = [];
    const sweep = async (limit: number) => {
      swept.push(await store.sweep(limit));
      return 0;
    };
    const { call, get, until, server } = taskServer([tool(() => "", { ttlMs: 1000 })], {
      tasks: { store: { ...store, sweep }, sweepIntervalMs: 5000 },
    });
    const { taskId } = await call("t");
    await until(taskId, isOver);
    vi.setSystemTime(Date.now() + 999);
    expect(await get(taskId)).toMatchObject({ status: "completed" });
    vi.setSystemTime(Date.now() + 1);
    await expect(get(taskId)).rejects.toMatchObject({ code: -32602 });
    await vi.advanceTimersByTimeAsync(5000);
    expect(swept).toEqual([1]);
    await server.close();
  });
});

describe("a deferred call", () => {
  it("returns its result when it ends before the timeout", async () => {
    const { call } = taskServer([tool(() => "fast", { promoteAfterMs: 1000 })]);
    expect(await call("t")).toMatchObject({ resultType: "complete", content: [{ text: "fast" }] });
  });

  it("becomes a task after the timeout, and continues running", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const { open, opened } = gate();
    const waiting = gate();
    let runs = 0;
    const slow = tool(
      async (_args, context) => {
        runs += 1;
        await context.step("before", () => 1);
        waiting.open();
        await opened;
        await context.step("after", () => 2);
        await context.status("nearly");
        return "slow";
      },
      { promoteAfterMs: 1000 },
    );
    const { call, until } = taskServer([slow]);
    const result = call("t");
    await waiting.opened;
    await vi.advanceTimersByTimeAsync(1000);
    const { taskId, resultType } = await result;
    expect(resultType).toBe("task");
    open();
    expect(await until(taskId, isOver)).toMatchObject({ result: { content: [{ text: "slow" }] } });
    expect(runs).toBe(1);
  });

  it("leaves no task when its request is aborted before", async () => {
    const started = gate<AbortSignal>();
    const created: unknown[] = [];
    const store = createMemoryTaskStore();
    const create: TaskStore["create"] = (task, order) => {
      created.push(task);
      return store.create(task, order);
    };
    const endless = tool(
      (_args, context) => {
        started.open(context.signal);
        return untilAborted(context);
      },
      { promoteAfterMs: Infinity },
    );
    const { call, errors } = taskServer([endless], { tasks: { store: { ...store, create } } });
    const controller = new AbortController();
    const result = call("t", {}, { signal: controller.signal });
    const signal = await started.opened;
    controller.abort(new Error("gone"));
    await expect(result).rejects.toMatchObject({ reason: "aborted" });
    expect(signal.aborted).toBe(true);
    expect(created).toEqual([]);
    expect(errors).toEqual([]);
  });

  it("continues when its request is aborted afterwards", async () => {
    const { open, opened } = gate();
    const slow = tool(
      async (_args, context) => {
        await context.startTask();
        await opened;
        return String(context.signal.aborted);
      },
      { promoteAfterMs: Infinity },
    );
    const { call, until } = taskServer([slow]);
    const controller = new AbortController();
    const { taskId } = await call("t", {}, { signal: controller.signal });
    controller.abort();
    open();
    expect(await until(taskId, isOver)).toMatchObject({ result: { content: [{ text: "false" }] } });
  });

  it("asks questions in its task after it has become one", async () => {
    const asking = tool(
      async (_args, context) => {
        await context.startTask();
        return (await context.elicit("a", form)).action;
      },
      { promoteAfterMs: Infinity },
    );
    const { call, until, update, cancel } = taskServer([asking]);
    const { taskId } = await call("t");
    await until(taskId, has("input_required"));
    await update(taskId, { "a-1": yes });
    expect(await until(taskId, isOver)).toMatchObject({
      result: { content: [{ text: "accept" }] },
    });
    expect(await cancel(taskId)).toMatchObject({ resultType: "complete" });
  });

  it("runs within the request for a client without the extension", async () => {
    const starting = tool(
      async (_args, context) => {
        await context.startTask();
        return "here";
      },
      { promoteAfterMs: Infinity },
    );
    const { call } = taskServer([starting]);
    const result = await call("t", {}, { capabilities: {} });
    expect(result).toMatchObject({ resultType: "complete", content: [{ text: "here" }] });
  });

  it("stays a request while the store is unavailable", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const { open, opened } = gate();
    const store: TaskStore = {
      ...createMemoryTaskStore(),
      hold: () => Promise.reject(new StoreUnavailableError("test", new Error("gone"))),
    };
    const slow = tool(() => opened.then(() => "here"), { promoteAfterMs: 10 });
    const { call, errors } = taskServer([slow], { tasks: { store } });
    const result = call("t");
    await vi.advanceTimersByTimeAsync(10);
    expect(errors).toHaveLength(1);
    open();
    expect(await result).toMatchObject({ resultType: "complete", content: [{ text: "here" }] });
  });
});

describe("the explicit form inside a task", () => {
  it("asks, and finds its state and the answers in the next round", async () => {
    const byHand = tool((_args, { inputResponses, state }) => {
      if (inputResponses.a !== undefined) return `${inputResponses.a && state}`;
      return inputRequired({ inputRequests: { a: request }, state: "asked" });
    });
    const { call, until, update } = taskServer([byHand]);
    const { taskId } = await call("t");
    await until(taskId, has("input_required"));
    await update(taskId, { "a-1": yes });
    expect(await until(taskId, isOver)).toMatchObject({ result: { content: [{ text: "asked" }] } });
  });

  it("fails the task when it returns a state without questions", async () => {
    const { call, until, errors } = taskServer([tool(() => inputRequired({ state: 1 }))]);
    const task = await until((await call("t")).taskId, isOver);
    expect(task).toMatchObject({ status: "failed", error: { message: "Internal error" } });
    expect(errors).toHaveLength(1);
  });
});

describe("an expired task", () => {
  it("aborts its run", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "Date"] });
    const started = gate<AbortSignal>();
    const endless = tool(
      (_args, context) => {
        started.open(context.signal);
        return untilAborted(context);
      },
      { ttlMs: 1000 },
    );
    const { call, errors } = taskServer([endless]);
    await call("t");
    const signal = await started.opened;
    await vi.advanceTimersByTimeAsync(1000);
    expect(signal.aborted).toBe(true);
    expect(errors).toEqual([]);
  });
});

describe("a deferred call with a failing store", () => {
  /** Creates a store that fails the first writes of a held task. */
  function failing(times: number): TaskStore {
    const memory = createMemoryTaskStore();
    let left = times;
    const fail = () => {
      if (left-- > 0) throw new StoreUnavailableError("test", new Error("gone"));
    };
    return {
      ...memory,
      hold: async (task) => {
        const taken = await memory.hold(task);
        const replace: HeldTask["replace"] = async (next, change) => {
          fail();
          return taken.replace(next, change);
        };
        const end: HeldTask["end"] = async (next) => {
          fail();
          return taken.end(next);
        };
        return { ...changedAttempt(taken, { replace, end }), release: () => taken.release() };
      },
    };
  }

  const started = (call: (context: HandlerContext) => unknown) =>
    tool(
      async (_args, context) => {
        await context.startTask();
        return call(context);
      },
      { promoteAfterMs: Infinity },
    );

  it("records its result when the store recovers", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    let runs = 0;
    const counting = started(() => `${++runs}`);
    const { call, get, errors } = taskServer([counting], { tasks: { store: failing(2) } });
    const { taskId } = await call("t");
    await vi.advanceTimersByTimeAsync(2000);
    expect(await get(taskId)).toMatchObject({ result: { content: [{ text: "1" }] } });
    expect(errors).toHaveLength(2);
  });

  it("leaves its task to a worker when a step can't be recorded, with the same key", async () => {
    const keys: string[] = [];
    const stepping = started(async (context) => {
      await context.step("s", ({ idempotencyKey }) => void keys.push(idempotencyKey));
      return "done";
    });
    const { call, until } = taskServer([stepping], { tasks: { store: failing(1) } });
    const { taskId } = await call("t");
    expect(await until(taskId, isOver)).toMatchObject({ status: "completed" });
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
  });

  it("is aborted by a cancellation", async () => {
    const signals = gate<AbortSignal>();
    const endless = started((context) => {
      signals.open(context.signal);
      return untilAborted(context);
    });
    const { call, cancel, get, errors } = taskServer([endless]);
    const { taskId } = await call("t");
    const signal = await signals.opened;
    await cancel(taskId);
    expect(signal.aborted).toBe(true);
    expect(await get(taskId)).toMatchObject({ status: "cancelled" });
    expect(errors).toEqual([]);
  });
});
