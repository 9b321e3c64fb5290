/** What is looked up after a gap of the bus is looked up again where the store is away as well. */
import { afterEach, expect, it, vi } from "vitest";
import type { JSONRPCNotification } from "../../../protocol/json-rpc.ts";
import type { ToolDefinition } from "../../../server/tools.ts";
import { createMemoryEventBus, type EventBus, eventGapTopic } from "../../../stores/event-bus.ts";
import { createMemoryTaskStore } from "../../../stores/memory-task-store.ts";
import { StoreUnavailableError } from "../../../stores/store-unavailable-error.ts";
import type { TaskStore } from "../../../stores/task-store.ts";
import { gate, taskServer } from "../fixtures/task-server.ts";

afterEach(() => vi.useRealTimers());

/** A task that runs until its signal aborts, over a bus that loses events and a store that is away. */
async function brokenReplica() {
  const bus = createMemoryEventBus();
  const kept = createMemoryTaskStore();
  const [started, aborted] = [gate(), gate<unknown>()];
  let isDeaf = false;
  let failures = 0;
  let looks = 0;
  const events: EventBus = {
    publish: (topic, event) => (isDeaf ? undefined : bus.publish(topic, event)),
    subscribe: bus.subscribe,
  };
  const store: TaskStore = {
    ...kept,
    get: (taskId) => {
      looks += 1;
      if (failures === 0) return kept.get(taskId);
      failures -= 1;
      return Promise.reject(new StoreUnavailableError("test", new Error("gone")));
    },
  };
  const tool: ToolDefinition = {
    name: "t",
    task: "optional",
    call: (_args, { signal }) => {
      signal.addEventListener("abort", () => aborted.open(signal.reason));
      started.open();
      return aborted.opened.then(() => "");
    },
  };
  const server = taskServer([tool], { server: { events }, tasks: { store } });
  const { taskId } = await server.call("t");
  await started.opened;
  return {
    ...server,
    taskId,
    aborted: aborted.opened,
    /** Ends the run. */
    finish: () => aborted.open(undefined),
    /** How often the task was read. */
    looks: () => looks,
    /** Cancels the task so that nobody hears of it; says so while the next looks fail. */
    cancelUnheard: async (looksThatFail: number) => {
      isDeaf = true;
      await server.cancel(taskId);
      failures = looksThatFail;
      vi.useFakeTimers({ toFake: ["setTimeout"] });
      await bus.publish(eventGapTopic, {});
    },
  };
}

/** Opens a stream for the task, and waits for its first state. */
async function listen({ ask, taskId }: Awaited<ReturnType<typeof brokenReplica>>) {
  const notifications: JSONRPCNotification[] = [];
  const end = new AbortController();
  const options = { id: "sub", notifications, signal: end.signal };
  ask("subscriptions/listen", { notifications: { taskIds: [taskId] } }, options).catch(() => {});
  await vi.waitUntil(() => notifications.length === 2);
  return { notifications, end: () => end.abort() };
}

it("a run hears that its task was cancelled", async () => {
  const { cancelUnheard, aborted, errors } = await brokenReplica();
  await cancelUnheard(3);
  await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000);
  expect(await aborted).toMatchObject({ message: "the task was cancelled" });
  expect(errors).toHaveLength(3);
});

it("a stream sends what it missed", async () => {
  const replica = await brokenReplica();
  const { notifications, end } = await listen(replica);
  await replica.cancelUnheard(6);
  await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000);
  const { taskId } = replica;
  expect(notifications.at(-1)?.params).toMatchObject({ taskId, status: "cancelled" });
  end();
});

it("what has ended is not looked for", async () => {
  const replica = await brokenReplica();
  const { end } = await listen(replica);
  await replica.cancelUnheard(2);
  expect(replica.errors).toHaveLength(2);
  end();
  replica.finish();
  await vi.advanceTimersByTimeAsync(0);
  const before = replica.looks();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(replica.looks()).toBe(before);
});
