/** Tasks whose runs end with their process, again and again: the store tells of it. */
import { expect, it, vi } from "vitest";
import type { HandlerContext } from "../../../server/handler/handler-context.ts";
import { createMemoryTaskStore } from "../../../stores/memory-task-store.ts";
import type { TaskStore } from "../../../stores/task-store.ts";
import { form, has, isOver, taskServer, yes } from "../fixtures/task-server.ts";
import { tasks } from "./tasks.ts";

/** A store that says of every task that it has lost so many runs. */
function lossy(lostRuns: number): TaskStore {
  const store = createMemoryTaskStore();
  return {
    ...store,
    work: (options) =>
      store.work({
        ...options,
        run: (taskId, signal, taken) =>
          options.run(taskId, signal, taken && { ...taken, lostRuns }),
      }),
  };
}

function server(options: { readonly store: TaskStore; readonly maxLostRuns?: number }) {
  const handler = vi.fn(() => "done");
  const tool = { name: "t", task: "optional", call: handler } as const;
  return { handler, ...taskServer([tool], { tasks: options }) };
}

it.each([
  ["as many as are allowed", 3, 3],
  ["twelve, by default", 12, undefined],
])("a task fails without another run after %s", async (_what, lostRuns, maxLostRuns) => {
  const store = lossy(lostRuns);
  const replica = server({ store, ...(maxLostRuns && { maxLostRuns }) });
  const { taskId } = await replica.call("t");
  const reason = `given up after ${lostRuns} runs were lost with their process`;
  expect(await replica.until(taskId, isOver)).toMatchObject({
    status: "failed",
    statusMessage: `The task was ${reason}`,
    error: { code: -32603, message: `The task was ${reason}` },
  });
  expect(replica.handler).not.toHaveBeenCalled();
  await replica.server.close();
  expect(replica.errors).toEqual([new Error(`task ${taskId} of the tool t: ${reason}`)]);
});

it.each([
  ["one less than that", 2, 3],
  ["eleven, by default", 11, undefined],
  ["any number, without a bound", 1000, Number.POSITIVE_INFINITY],
])("a task is run after %s", async (_what, lostRuns, maxLostRuns) => {
  const store = lossy(lostRuns);
  const replica = server({ store, ...(maxLostRuns && { maxLostRuns }) });
  const { taskId } = await replica.call("t");
  expect(await replica.until(taskId, isOver)).toMatchObject({ status: "completed" });
  expect(replica.errors).toEqual([]);
});

it.each([
  [undefined, 8],
  [5, 3],
  [2, 1],
  [1, 1],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
])("of a limit of %s, tasks run apart from lost run %s on", async (maxLostRuns, apartFrom) => {
  const store = createMemoryTaskStore();
  const work = vi.spyOn(store, "work");
  const replica = server({ store, ...(maxLostRuns && { maxLostRuns }) });
  replica.server.share({ tasks: store });
  expect(work).toHaveBeenCalledWith(expect.objectContaining({ apartFrom }));
  await replica.server.close();
});

it("a step that is kept and an answer are progress; what a run says of itself is none", async () => {
  const store = createMemoryTaskStore();
  const replace = vi.spyOn(store, "replace");
  const call = async (_args: unknown, context: HandlerContext) => {
    await context.status("working hard");
    await context.step("one", () => 1);
    const { action } = await context.elicit("sure", form);
    return action;
  };
  const tool = { name: "t", task: "optional", call } as const;
  const replica = taskServer([tool], { tasks: { store } });
  const { taskId } = await replica.call("t");
  const asking = await replica.until(taskId, has("input_required"));
  const [key = ""] = Object.keys(asking.inputRequests as object);
  await replica.update(taskId, { [key]: yes });
  await replica.until(taskId, isOver);
  const orders = replace.mock.calls.map(([, order]) => order);
  // The run after the answer says it once more, and keeps no step anew.
  expect(orders).toEqual([undefined, { isProgress: true }, { order: "run" }, undefined]);
});

it.each([0, -1, 1.5, Number.NaN])("a limit of %s is a mistake", (maxLostRuns) => {
  expect(() => tasks({ maxLostRuns })).toThrow(/^tasks: maxLostRuns: expected an integer/);
});
