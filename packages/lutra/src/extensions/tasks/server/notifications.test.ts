import { afterEach, describe, expect, it, vi } from "vitest";
import type { ClientCapabilities } from "../../../protocol/capabilities.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import type { JSONRPCNotification } from "../../../protocol/json-rpc.ts";
import type { AskOptions } from "../../../server/fixtures/ask.ts";
import type { HandlerContext } from "../../../server/handler/handler-context.ts";
import type { ToolDefinition } from "../../../server/tools.ts";
import { type EventBus, eventGapTopic } from "../../../stores/event-bus.ts";
import { createMemoryEventBus } from "../../../stores/memory-event-bus.ts";
import {
  form,
  gate,
  has,
  isOver,
  type TaskServer,
  taskServer,
  yes,
} from "../fixtures/task-server.ts";

const acknowledged = "notifications/subscriptions/acknowledged";
const key = "io.modelcontextprotocol/subscriptionId";

const tool = (call: (args: never, context: HandlerContext) => unknown): ToolDefinition => ({
  name: "t",
  task: "optional",
  call,
});

const open: AbortController[] = [];
afterEach(() => {
  for (const controller of open.splice(0)) controller.abort();
});

/** Opens a subscription and collects what comes on its stream. */
function listen({ ask }: TaskServer, notifications: JSONObject, options: AskOptions = {}) {
  const controller = new AbortController();
  open.push(controller);
  const received: JSONRPCNotification[] = [];
  const result = ask(
    "subscriptions/listen",
    { notifications },
    {
      id: "sub",
      notifications: received,
      signal: controller.signal,
      ...options,
    },
  );
  result.catch(() => {});
  return {
    received,
    result,
    cancel: () => controller.abort(),
    /** Resolves to the tasks in the notifications, once there are so many. */
    tasks: async (count: number) => {
      await vi.waitUntil(() => received.length >= count);
      return received.slice(1).map(({ params }) => params as JSONObject);
    },
  };
}

describe("ext-tasks/tasks#task-status-notifications", () => {
  it("a subscription without the extension MUST be refused with -32021, and opens no stream", async () => {
    const server = taskServer([tool(() => "")]);
    const { taskId } = await server.call("t");
    const capabilities: ClientCapabilities = {};
    const { received, result } = listen(server, { taskIds: [taskId] }, { capabilities });
    await expect(result).rejects.toMatchObject({
      code: -32021,
      status: 400,
      data: { requiredCapabilities: { extensions: { "io.modelcontextprotocol/tasks": {} } } },
    });
    expect(received).toEqual([]);
  });

  it.each([["not an array"], [{ id: 1 }], [[1]], [Array(1001).fill("x")]])(
    "a taskIds member that is malformed or too long is refused: %j",
    async (taskIds) => {
      const { result } = listen(taskServer([tool(() => "")]), { taskIds });
      await expect(result).rejects.toMatchObject({ code: -32602 });
    },
  );

  it("the acknowledgment is sent first, with only the caller's existing tasks", async () => {
    const server = taskServer([tool(() => "")]);
    const mine = await server.call("t");
    const principal = { id: "ann" };
    const hers = await server.call("t", {}, { principal });
    const taskIds = ["unknown", hers.taskId, mine.taskId, mine.taskId];
    const { received } = listen(server, { taskIds, toolsListChanged: true });
    await vi.waitUntil(() => received.length > 0);
    expect(received[0]).toMatchObject({
      method: acknowledged,
      params: {
        _meta: { [key]: "sub" },
        notifications: { taskIds: [mine.taskId], toolsListChanged: true },
      },
    });
  });

  it("the acknowledgment has no taskIds if no task is accepted", async () => {
    const { received } = listen(taskServer([tool(() => "")]), { taskIds: ["unknown"] });
    await vi.waitUntil(() => received.length > 0);
    expect(received).toMatchObject([{ params: { notifications: {} } }]);
    expect(received[0]).not.toHaveProperty("params.notifications.taskIds");
  });

  it("each notification MUST be the whole task, as tasks/get returns it, with the subscription's id", async () => {
    const { open, opened } = gate();
    const server = taskServer([
      tool(async (_args, context) => {
        await context.elicit("a", form);
        await opened;
        return "done";
      }),
    ]);
    const { taskId } = await server.call("t");
    await server.until(taskId, has("input_required"));
    const stream = listen(server, { taskIds: [taskId] });
    await stream.tasks(2);
    await server.update(taskId, { "a-1": yes });
    await stream.tasks(3);
    open();
    await server.until(taskId, isOver);
    const tasks = await stream.tasks(4);
    expect(tasks.map(({ status }) => status)).toEqual(["input_required", "working", "completed"]);
    const { _meta, resultType, ...task } = await server.get(taskId);
    expect(tasks.at(-1)).toEqual({ ...task, _meta: { [key]: "sub" } });
    for (const { method } of stream.received.slice(1)) expect(method).toBe("notifications/tasks");
  });

  it("progress and log messages MUST NOT be sent for a task", async () => {
    const server = taskServer(
      [
        tool(async (_args, context) => {
          await context.progress(1);
          await context.log("error", "x");
          return "";
        }),
      ],
      { server: { logging: true } },
    );
    const { taskId } = await server.call("t");
    const stream = listen(
      server,
      { taskIds: [taskId] },
      {
        meta: { progressToken: 1, "io.modelcontextprotocol/logLevel": "debug" },
      },
    );
    await server.until(taskId, isOver);
    await vi.waitUntil(() => stream.received.at(-1)?.params?.status === "completed");
    const methods = new Set(stream.received.map(({ method }) => method));
    expect(methods).toEqual(new Set([acknowledged, "notifications/tasks"]));
  });

  it("a client that subscribes after the end of a task receives its terminal status", async () => {
    const server = taskServer([tool(() => "done")]);
    const { taskId } = await server.call("t");
    await server.until(taskId, isOver);
    const [task] = await listen(server, { taskIds: [taskId] }).tasks(2);
    expect(task).toMatchObject({ status: "completed", result: { content: [{ text: "done" }] } });
  });

  it("a change is sent only to streams of its task, and an ended stream has no listeners", async () => {
    const bus = createMemoryEventBus();
    const topics = new Map<string, number>();
    const counting: EventBus = {
      publish: bus.publish,
      subscribe: (topic, listener) => {
        topics.set(topic, (topics.get(topic) ?? 0) + 1);
        const unsubscribe = bus.subscribe(topic, listener);
        return () => {
          topics.set(topic, (topics.get(topic) as number) - 1);
          unsubscribe();
        };
      },
    };
    const { opened } = gate();
    const server = taskServer([tool(() => opened)], {
      server: { events: counting },
      tasks: { closeGraceMs: 0 },
    });
    const ids = await Promise.all([1, 2, 3].map(async () => (await server.call("t")).taskId));
    const streams = ids.map((taskId) => listen(server, { taskIds: [taskId] }));
    await Promise.all(streams.map((stream) => stream.tasks(2)));
    await server.cancel(ids[0]);
    await streams[0]?.tasks(3);
    expect(streams.map(({ received }) => received.length)).toEqual([3, 2, 2]);
    expect(topics.get(`tasks ${ids[0]}`)).toBe(0);
    streams[1]?.cancel();
    expect(topics.get(`tasks ${ids[1]}`)).toBe(0);
    expect(topics.get(`tasks ${ids[2]}`)).toBe(1);
    await server.server.close();
    expect(await streams[2]?.result).toMatchObject({ resultType: "complete" });
    expect(topics.get(`tasks ${ids[2]}`)).toBe(0);
  });

  it("each change that was missed in a gap of the event bus is sent once", async () => {
    const bus = createMemoryEventBus();
    let isDeaf = false;
    const lossy: EventBus = {
      publish: (topic, event) => (isDeaf ? undefined : bus.publish(topic, event)),
      subscribe: bus.subscribe,
    };
    const { opened } = gate();
    const server = taskServer([tool(() => opened)], {
      server: { events: lossy },
      tasks: { closeGraceMs: 0 },
    });
    const { taskId } = await server.call("t");
    const other = await server.call("t");
    const stream = listen(server, { taskIds: [taskId, other.taskId] });
    await stream.tasks(3);
    isDeaf = true;
    await server.cancel(taskId);
    expect(stream.received).toHaveLength(3);
    isDeaf = false;
    await bus.publish(eventGapTopic, {});
    const tasks = await stream.tasks(4);
    expect(tasks.at(-1)).toMatchObject({ taskId, status: "cancelled" });
    await bus.publish(eventGapTopic, {});
    await server.cancel(other.taskId);
    expect((await stream.tasks(5)).at(-1)).toMatchObject({ taskId: other.taskId });
    expect(stream.received).toHaveLength(5);
  });

  it("a run is aborted if its task was cancelled during a gap of the event bus", async () => {
    const bus = createMemoryEventBus();
    let isDeaf = false;
    const lossy: EventBus = {
      publish: (topic, event) => (isDeaf ? undefined : bus.publish(topic, event)),
      subscribe: bus.subscribe,
    };
    const started = gate();
    const aborted = gate<unknown>();
    const server = taskServer(
      [
        tool(async (_args, { signal }) => {
          signal.addEventListener("abort", () => aborted.open(signal.reason));
          started.open();
          await aborted.opened;
          return "";
        }),
      ],
      { server: { events: lossy } },
    );
    const { taskId } = await server.call("t");
    await started.opened;
    isDeaf = true;
    await server.cancel(taskId);
    await bus.publish(eventGapTopic, {});
    expect(await aborted.opened).toMatchObject({ message: "the task was cancelled" });
  });
});
