import { describe, expect, it } from "vitest";
import { defineTool } from "../../../server/tools.ts";
import { createMemoryTaskStore } from "../../../stores/memory-task-store.ts";
import { StoreUnavailableError } from "../../../stores/store-unavailable-error.ts";
import type { TaskStore } from "../../../stores/task-store.ts";
import { taskServer } from "../fixtures/task-server.ts";
import { idempotencyKeyMember } from "../protocol.ts";

const key = "key-0123456789abcdef";
const withKey = (value: unknown = key) => ({ meta: { [idempotencyKeyMember]: value } });

function start(store: TaskStore = createMemoryTaskStore(), promoteAfterMs?: number) {
  let runs = 0;
  const report = defineTool({
    name: "report",
    task: promoteAfterMs === undefined ? "required" : "optional",
    ...(promoteAfterMs !== undefined && { taskOptions: { promoteAfterMs } }),
    inputSchema: { type: "object", properties: { city: { type: "string" } } },
    call: async (_args, context) => {
      runs += 1;
      if (promoteAfterMs !== undefined) await context.startTask();
      return "done";
    },
  });
  return { ...taskServer([report], { tasks: { store } }), runs: () => runs };
}

/** A store whose first creation is stored, although its caller is told that it failed. */
function lostAnswerStore(): TaskStore {
  const store = createMemoryTaskStore();
  let isLost = true;
  return {
    ...store,
    create: async (...creation) => {
      await store.create(...creation);
      if (!isLost) return;
      isLost = false;
      throw new StoreUnavailableError("test", new Error("the answer was lost"));
    },
  };
}

describe("a call with an idempotency key", () => {
  it("creates one task, although the answer to its first creation was lost", async () => {
    const server = start(lostAnswerStore());
    const first = await server.call("report", {}, withKey());
    expect(await server.call("report", {}, withKey())).toMatchObject({ taskId: first.taskId });
    await server.until(first.taskId, ({ status }) => status === "completed");
    expect(server.runs()).toBe(1);
  });

  it("creates one task when it arrives several times at once", async () => {
    const server = start();
    const calls = Array.from({ length: 10 }, () => server.call("report", {}, withKey()));
    const ids = new Set((await Promise.all(calls)).map(({ taskId }) => taskId));
    expect(ids.size).toBe(1);
    await server.until([...ids][0], ({ status }) => status === "completed");
    expect(server.runs()).toBe(1);
    const again = await server.call("report", {}, withKey());
    expect(again).toMatchObject({ resultType: "task", status: "completed" });
  });

  it("finds the task of a deferred call", async () => {
    const server = start(createMemoryTaskStore(), 60_000);
    const first = await server.call("report", {}, withKey());
    expect(first).toMatchObject({ resultType: "task" });
    expect(await server.call("report", {}, withKey())).toMatchObject({ taskId: first.taskId });
    expect(server.runs()).toBe(1);
  });

  it("is refused for another tool or other arguments", async () => {
    const server = start();
    await server.call("report", { city: "Lyon" }, withKey());
    const other = server.call("report", { city: "Paris" }, withKey());
    await expect(other).rejects.toThrow(
      'params._meta["lutra/idempotencyKey"]: the key belongs to another call',
    );
  });

  it("creates a task for each principal", async () => {
    const server = start();
    const ids = ["ada", "bea"].map(async (id) => {
      const { taskId } = await server.call("report", {}, { ...withKey(), principal: { id } });
      return taskId;
    });
    expect(new Set(await Promise.all(ids)).size).toBe(2);
  });

  it.each([["short"], [1], ["x".repeat(257)]])("is refused with the key %j", async (value) => {
    const refused = start().call("report", {}, withKey(value));
    await expect(refused).rejects.toMatchObject({ reason: "invalidParams" });
  });
});
