/** Tasks are read again after a gap of the event bus, also while the store is unavailable. */
import { afterEach, expect, it, vi } from "vitest";
import type { JSONRPCNotification } from "../../../protocol/json-rpc.ts";
import type { ToolDefinition } from "../../../server/tools.ts";
import { type EventBus, eventGapTopic } from "../../../stores/event-bus.ts";
import { createMemoryEventBus } from "../../../stores/memory-event-bus.ts";
import { createMemoryTaskStore } from "../../../stores/memory-task-store.ts";
import { StoreUnavailableError } from "../../../stores/store-unavailable-error.ts";
import type { TaskStore } from "../../../stores/task-store.ts";
import { gate, taskServer } from "../fixtures/task-server.ts";

afterEach(() => vi.useRealTimers());

/** A task that runs until its signal aborts, with a bus that can lose events and a store that can fail. */
async function brokenReplica() {
  const bus = createMemoryEventBus();
  const kept = createMemoryTaskStore();
  const [started, aborted] = [gate(), gate<unknown>()];
  let losesEvents = false;
  let failures = 0;
  let reads = 0;
  const events: EventBus = {
    publish: (topic, event) => (losesEvents ? undefined : bus.publish(topic, event)),
    subscribe: bus.subscribe,
  };
  const store: TaskStore = {
    ...kept,
    get: (taskId) => {
      reads += 1;
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
    /** Returns the number of times that the task was read. */
    reads: () => reads,
    /** Cancels the task without an event, then reports a gap while the next reads fail. */
    cancelInGap: async (failingReads: number) => {
      losesEvents = true;
      await server.cancel(taskId);
      failures = failingReads;
      vi.useFakeTimers({ toFake: ["setTimeout"] });
      await bus.publish(eventGapTopic, {});
    },
  };
}

/** Opens a stream for the task and waits for its first state. */
async function listen({ ask, taskId }: Awaited<ReturnType<typeof brokenReplica>>) {
  const notifications: JSONRPCNotification[] = [];
  const end = new AbortController();
  const options = { id: "sub", notifications, signal: end.signal };
  ask("subscriptions/listen", { notifications: { taskIds: [taskId] } }, options).catch(() => {});
  await vi.waitUntil(() => notifications.length === 2);
  return { notifications, end: () => end.abort() };
}

it("aborts the run of a task that was cancelled during the gap", async () => {
  const { cancelInGap, aborted, errors } = await brokenReplica();
  await cancelInGap(3);
  await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000);
  expect(await aborted).toMatchObject({ message: "the task was cancelled" });
  expect(errors).toHaveLength(3);
});

it("sends the state that a stream missed during the gap", async () => {
  const replica = await brokenReplica();
  const { notifications, end } = await listen(replica);
  await replica.cancelInGap(6);
  await vi.advanceTimersByTimeAsync(1000 + 2000 + 4000);
  const { taskId } = replica;
  expect(notifications.at(-1)?.params).toMatchObject({ taskId, status: "cancelled" });
  end();
});

it("stops reading for streams and runs that have ended", async () => {
  const replica = await brokenReplica();
  const { end } = await listen(replica);
  await replica.cancelInGap(2);
  expect(replica.errors).toHaveLength(2);
  end();
  replica.finish();
  await vi.advanceTimersByTimeAsync(0);
  const before = replica.reads();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(replica.reads()).toBe(before);
});
