/** Steps and sleeps of tasks, whose handlers and processes change in between. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { createServer } from "../../../server/create-server.ts";
import { ask } from "../../../server/fixtures/ask.ts";
import type { HandlerContext } from "../../../server/handler/handler-context.ts";
import { randomKeys } from "../../../server/seal.ts";
import type { ToolDefinition } from "../../../server/tools.ts";
import { createMemoryEventBus } from "../../../stores/memory-event-bus.ts";
import { createMemoryTaskStore } from "../../../stores/memory-task-store.ts";
import type { StoredTask, TaskStore } from "../../../stores/task-store.ts";
import { changedAttempt } from "../fixtures/changed-attempt.ts";
import { declared, form, gate, has, isOver, taskServer, yes } from "../fixtures/task-server.ts";
import { tasks } from "./tasks.ts";
import type { ToolTaskOptions } from "./tool-settings.ts";

type Call = (context: HandlerContext) => unknown;

const tool = (call: Call, taskOptions: ToolTaskOptions = {}): ToolDefinition => ({
  name: "t",
  task: "optional",
  taskOptions,
  call: (_args: never, context) => call(context),
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

afterEach(() => vi.useRealTimers());

/** A store that counts the changes of attempts. */
function counting(): { readonly store: TaskStore; readonly writes: () => number } {
  const memory = createMemoryTaskStore();
  let writes = 0;
  const work: TaskStore["work"] = ({ run, ...options }) =>
    memory.work({
      ...options,
      run: (taken) => {
        const replace = async (task: StoredTask) => {
          writes += 1;
          await turn();
          return taken.replace(task);
        };
        return run(changedAttempt(taken, { replace }));
      },
    });
  return { store: { ...memory, work }, writes: () => writes };
}

describe("many parallel steps", () => {
  it("run once each, and are recorded together", async () => {
    let effects = 0;
    const wide = tool(async (context) => {
      const names = Array.from({ length: 300 }, (_, n) => `step ${n}`);
      const all = names.map((name) => context.step(name, () => turn().then(() => ++effects)));
      return String((await Promise.all(all)).length);
    });
    const { store, writes } = counting();
    const { call, until, errors } = taskServer([wide], { tasks: { store } });
    const { taskId } = await call("t");
    expect(await until(taskId, isOver)).toMatchObject({ result: { content: [{ text: "300" }] } });
    expect(effects).toBe(300);
    expect(writes()).toBeLessThan(30);
    expect(errors).toEqual([]);
  });
});

describe("a step after the end of its task", () => {
  it("does not run its effect when the task was cancelled, though the handler ignores its signal", async () => {
    const effects: number[] = [];
    const [started, goOn, over] = [gate(), gate(), gate<unknown>()];
    const eight = tool(async (context) => {
      try {
        for (let n = 0; n < 8; n += 1) {
          await context.step(`step ${n}`, async () => {
            effects.push(n);
            if (n !== 2) return;
            started.open();
            await goOn.opened;
          });
        }
      } catch (error) {
        over.open(error);
        throw error;
      }
      return "done";
    });
    const { call, cancel, errors } = taskServer([eight]);
    const { taskId } = await call("t");
    await started.opened;
    await cancel(taskId);
    goOn.open();
    expect(await over.opened).toMatchObject({ reason: "aborted" });
    expect(effects).toEqual([0, 1, 2]);
    expect(errors).toEqual([]);
  });

  it.each([
    ["was cancelled by a replica whose notification is lost", "the task was cancelled"],
    ["has expired", "the task has expired"],
  ])("does not run its effect when the task %s", async (what, reason) => {
    const memory = createMemoryTaskStore();
    let isExpired = false;
    const get: TaskStore["get"] = async (taskId) => (isExpired ? undefined : memory.get(taskId));
    const effects: number[] = [];
    const over = gate<unknown>();
    const two = tool(async (context) => {
      try {
        await context.step("one", async () => {
          effects.push(1);
          const [id = ""] = ids;
          const task = (await memory.get(id)) as StoredTask;
          const state = { ...task.state, status: "cancelled" };
          await memory.replace({ ...task, version: task.version + 1, state }, { order: "drop" });
          isExpired = what === "has expired";
        });
        await context.step("two", () => effects.push(2));
      } catch (error) {
        over.open(error);
        throw error;
      }
    });
    const ids: string[] = [];
    const create: TaskStore["create"] = (task, order) => {
      ids.push(task.taskId);
      return memory.create(task, order);
    };
    const { call, errors } = taskServer([two], { tasks: { store: { ...memory, get, create } } });
    await call("t");
    expect(await over.opened).toMatchObject({ message: reason });
    expect(effects).toEqual([1]);
    expect(errors).toEqual([]);
  });
});

describe("a handler that has changed while its task was in flight", () => {
  /** Runs one version until it is stuck, and then another one. */
  async function upgraded(before: Call, after: Call) {
    const errors: unknown[] = [];
    const shared = {
      replicas: 2,
      keys: randomKeys(),
      events: createMemoryEventBus(),
      tasks: { ...createMemoryTaskStore(), isShared: true },
    };
    const start = (call: Call) => {
      const server = createServer({
        name: "test",
        version: "1",
        tools: [tool(call)],
        extensions: [tasks({ closeGraceMs: 0 })],
        onError: (error) => void errors.push(error),
        replayGraceMs: 0,
      });
      server.share(shared);
      return server;
    };
    const stuck = gate();
    const first = start(async (context) => {
      await before(context);
      stuck.open();
      await new Promise(() => {});
    });
    const options = { capabilities: declared };
    const { taskId } = await ask(first, "tools/call", { name: "t", arguments: {} }, options);
    await stuck.opened;
    const second = start(after);
    await first.close();
    const get = () => ask(second, "tasks/get", { taskId }, options);
    const task = await vi.waitUntil(async () => {
      const found = await get();
      return isOver(found) && found;
    });
    await second.close();
    return { task, errors };
  }

  it("fails its task, and runs no effect again", async () => {
    const effects: string[] = [];
    const step = (context: HandlerContext, name: string) =>
      context.step(name, () => void effects.push(name));
    const { task, errors } = await upgraded(
      async (context) => {
        await step(context, "collect");
        await step(context, "pay");
      },
      async (context) => {
        await step(context, "collect");
        await step(context, "charge");
      },
    );
    const message = 'step "charge" was "pay" in an earlier round';
    expect(task).toMatchObject({ status: "failed", error: { code: -32603, message } });
    expect(errors).toEqual([expect.objectContaining({ message })]);
    expect(effects).toEqual(["collect", "pay"]);
  });

  it("may go on after the steps of the former one", async () => {
    const { task } = await upgraded(
      (context) => context.step("collect", () => 1),
      async (context) => {
        const n = await context.step("collect", () => 2);
        return String(await context.step("more", () => n + 10));
      },
    );
    expect(task).toMatchObject({ status: "completed", result: { content: [{ text: "11" }] } });
  });
});

it("a failed step is not run again by the next attempt", async () => {
  const effects: string[] = [];
  const memory = createMemoryTaskStore({ wait: async () => {} });
  const fallback = tool(async (context) => {
    const primary = () => {
      effects.push("primary");
      throw new Error("down");
    };
    const value = await context
      .step("primary", primary)
      .catch(() => context.step("fallback", () => effects.push("fallback")));
    await context.elicit("sure", form);
    return String(value);
  });
  const { call, until, update } = taskServer([fallback], { tasks: { store: memory } });
  const { taskId } = await call("t");
  await until(taskId, has("input_required"));
  await update(taskId, { "sure-1": yes });
  expect(await until(taskId, isOver)).toMatchObject({ result: { content: [{ text: "2" }] } });
  expect(effects).toEqual(["primary", "fallback"]);
});

it("continues a task whose steps an earlier version recorded without their order", async () => {
  const effects: string[] = [];
  const memory = createMemoryTaskStore();
  const create: TaskStore["create"] = (task, order) => {
    const state = { ...task.state, memory: { answers: {}, steps: { a: [1] }, exchange: "e" } };
    return memory.create({ ...task, state }, order);
  };
  const old = tool(async (context) => {
    const a = await context.step("a", () => effects.push("a"));
    const b = await context.step("b", () => effects.push("b"));
    return `${a} ${b}`;
  });
  const { call, until } = taskServer([old], { tasks: { store: { ...memory, create } } });
  const { taskId } = await call("t");
  expect(await until(taskId, isOver)).toMatchObject({ result: { content: [{ text: "1 1" }] } });
  expect(effects).toEqual(["b"]);
});

describe("a sleep in a task", () => {
  const hour = 3_600_000;
  const fakeTimers = () =>
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "setInterval"] });

  it.each<[string, ToolTaskOptions, Call]>([
    ["from the start", {}, () => {}],
    [
      "that was a call",
      { promoteAfterMs: Number.POSITIVE_INFINITY },
      (context) => context.startTask(),
    ],
  ])("releases the process, and ends at its time: a task %s", async (_what, options, begin) => {
    fakeTimers();
    const ends: number[] = [];
    let rounds = 0;
    const sleeping = tool(
      async (context) => {
        rounds += 1;
        await begin(context);
        await context.step("before", () => 1);
        await context.sleep("pause", hour);
        return context.step("after", () => `${ends.push(Date.now())}`);
      },
      { ...options, ttlMs: 2 * hour },
    );
    // A second task could not run beside the first one.
    const { call, until, get, errors } = taskServer([sleeping], { tasks: { concurrency: 1 } });
    const begun = Date.now();
    const [first, second] = [await call("t"), await call("t")];
    await vi.advanceTimersByTimeAsync(10_000);
    for (let turns = 0; turns < 50; turns += 1) await turn();
    await vi.advanceTimersByTimeAsync(10_000);
    for (let turns = 0; turns < 50; turns += 1) await turn();
    expect(rounds).toBe(2);
    expect(await get(first.taskId)).toMatchObject({ status: "working" });
    await vi.advanceTimersByTimeAsync(hour - 20_000);
    for (const { taskId } of [first, second]) {
      const over = until(taskId, isOver);
      await vi.advanceTimersByTimeAsync(20_000);
      expect(await over).toMatchObject({ status: "completed" });
    }
    expect(ends[0]).toBeGreaterThanOrEqual(begun + hour);
    expect(ends).toHaveLength(2);
    expect(rounds).toBe(4);
    expect(errors).toEqual([]);
  });

  it("goes on in the same attempt while other steps run", async () => {
    fakeTimers();
    let rounds = 0;
    const busy = tool(async (context) => {
      rounds += 1;
      const slow = () => new Promise<string>((resolve) => setTimeout(resolve, 30_000, "slow")); // time: fake timers
      await Promise.all([context.sleep("pause", 20_000), context.step("slow", slow)]);
      return "done";
    });
    const { call, until } = taskServer([busy]);
    const { taskId } = await call("t");
    const over = until(taskId, isOver);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await over).toMatchObject({ status: "completed" });
    expect(rounds).toBe(1);
  });

  it("ends with the cancellation of its task", async () => {
    fakeTimers();
    let rounds = 0;
    const sleeping = tool(
      async (context) => {
        rounds += 1;
        await context.sleep("pause", hour);
      },
      { ttlMs: 4 * hour },
    );
    const { call, cancel, get, errors } = taskServer([sleeping]);
    const { taskId } = await call("t");
    await vi.advanceTimersByTimeAsync(10_000);
    await turn();
    await cancel(taskId);
    await vi.advanceTimersByTimeAsync(2 * hour);
    expect(rounds).toBe(1);
    expect(await get(taskId)).toMatchObject({ status: "cancelled" });
    expect(errors).toEqual([]);
  });
});
