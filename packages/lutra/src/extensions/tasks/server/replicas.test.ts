/** Replicas that lack a shared bus, or do not all have the same tools. */
import { expect, it } from "vitest";
import { createServer } from "../../../server/create-server.ts";
import type { HandlerContext } from "../../../server/handler/handler-context.ts";
import { randomKeys } from "../../../server/seal.ts";
import type { ServerOptions } from "../../../server/server-options.ts";
import type { ToolDefinition } from "../../../server/tools.ts";
import type { EventBus } from "../../../stores/event-bus.ts";
import { createMemoryEventBus } from "../../../stores/memory-event-bus.ts";
import { createMemoryTaskStore } from "../../../stores/memory-task-store.ts";
import type { TaskStore } from "../../../stores/task-store.ts";
import { changedAttempt } from "../fixtures/changed-attempt.ts";
import { isOver, taskServer } from "../fixtures/task-server.ts";
import { tasks } from "./tasks.ts";

it("refuses replicas without a shared event bus", () => {
  const store: TaskStore = { ...createMemoryTaskStore(), isShared: true };
  const create = (events?: EventBus) =>
    createServer({
      name: "x",
      version: "1",
      tools: [],
      extensions: [tasks({ store })],
      ...(events && { events }),
    });
  const shared = { replicas: 2, keys: randomKeys() };
  const events = createMemoryEventBus();
  expect(() => create().share(shared)).toThrow(/replicas need a shared event bus/);
  expect(() => create().share({ ...shared, events })).not.toThrow();
  expect(() => create(events).share(shared)).not.toThrow();
  expect(() => create().share({ replicas: 1 })).not.toThrow();
});

const tool = { name: "t", task: "optional", call: () => "done" } as const;
const otherTool = { name: "other", call: () => "" } as const;

/** Creates two servers that share a store: one that only creates tasks, and one that runs them. */
function versions(
  store: TaskStore,
  tools: readonly ToolDefinition[] = [otherTool],
  options: Partial<ServerOptions> = {},
) {
  const events = createMemoryEventBus();
  const idle: TaskStore = { ...store, work: () => ({ close: async () => {} }) };
  const creator = taskServer([tool], { tasks: { store: idle }, server: { events } });
  return {
    creator,
    worker: taskServer(tools, { tasks: { store }, server: { events, ...options } }),
  };
}

it("leaves tasks of an unknown tool to processes that have it", async () => {
  const pauses: number[] = [];
  let paused = () => {};
  const store = createMemoryTaskStore({
    wait: (ms) => {
      pauses.push(ms);
      paused();
      return pauses.length < 3 ? Promise.resolve() : new Promise(() => {});
    },
  });
  const left = new Promise<void>((resolve) => {
    paused = () => pauses.length === 3 && resolve();
  });
  const { creator, worker } = versions(store);
  const { taskId } = await creator.call("t");
  worker.server.share({});
  await left;
  expect(pauses).toEqual([1000, 2000, 4000]);
  expect(await creator.get(taskId)).toMatchObject({ status: "working" });
  expect(worker.errors).toEqual([
    expect.objectContaining({ message: expect.stringContaining("has no tool t") }),
  ]);
  worker.server.tools.add(tool);
  const update = await store.get(taskId as string);
  await store.replace({ ...update, version: (update?.version ?? 0) + 1 } as never, {
    order: "run",
  });
  expect(await creator.until(taskId, isOver)).toMatchObject({ status: "completed" });
  await worker.server.close();
});

it("fails a task whose tool no process has, after about 25 minutes", async () => {
  let waited = 0;
  const store = createMemoryTaskStore({
    wait: async (ms) => {
      waited += ms;
    },
  });
  const { creator, worker } = versions(store);
  const { taskId } = await creator.call("t");
  worker.server.share({});
  const message = "Unknown tool: t; no process that took the task has it";
  expect(await creator.until(taskId, isOver)).toMatchObject({
    status: "failed",
    error: { code: -32602, message },
  });
  expect(waited / 60_000).toBeCloseTo(25, 0);
  expect(worker.errors).toMatchObject([
    {},
    { message: `task ${taskId} of the tool t: ${message}` },
  ]);
  await worker.server.close();
});

it("takes the number of rejected attempts from the store", async () => {
  const store = createMemoryTaskStore();
  const worn: TaskStore = {
    ...store,
    work: (options) =>
      store.work({
        ...options,
        run: (taken) => options.run(changedAttempt(taken, { rejections: 30 })),
      }),
  };
  const { creator, worker } = versions(worn);
  const { taskId } = await creator.call("t");
  worker.server.share({});
  expect(await creator.until(taskId, isOver)).toMatchObject({ status: "failed" });
  await worker.server.close();
});

it("runs a task again that a process aborted whose clock is ahead", async () => {
  let aheadMs = 7_200_000;
  const store = createMemoryTaskStore({
    wait: async () => {
      aheadMs = 0;
    },
  });
  let runs = 0;
  const slow = {
    ...tool,
    call: (_args: never, { signal }: HandlerContext) => {
      runs += 1;
      if (runs === 2) return "done";
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    },
  } as const;
  const now = () => Date.now() + aheadMs;
  const { creator, worker } = versions(store, [slow], { now });
  const { taskId } = await creator.call("t");
  worker.server.share({});
  expect(await creator.until(taskId, isOver)).toMatchObject({ status: "completed" });
  expect(runs).toBe(2);
  await worker.server.close();
});
