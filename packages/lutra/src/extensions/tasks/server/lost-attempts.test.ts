/** Tasks whose attempts are lost with their process, as their store reports it. */
import { expect, it, vi } from "vitest";
import { TransportError } from "../../../protocol/transport-error.ts";
import type { HandlerContext } from "../../../server/handler/handler-context.ts";
import { createMemoryTaskStore } from "../../../stores/memory-task-store.ts";
import type { HeldTask, TaskStore } from "../../../stores/task-store.ts";
import { changedAttempt } from "../fixtures/changed-attempt.ts";
import { form, has, isOver, taskServer, yes } from "../fixtures/task-server.ts";
import { tasks } from "./tasks.ts";

/** Creates a store that reports so many lost attempts for each task. */
function lossy(lostAttempts: number): TaskStore {
  const store = createMemoryTaskStore();
  return {
    ...store,
    work: (options) =>
      store.work({
        ...options,
        run: (taken) => options.run(changedAttempt(taken, { lostAttempts })),
      }),
  };
}

function server(options: { readonly store: TaskStore; readonly maxLostAttempts?: number }) {
  const handler = vi.fn(() => "done");
  const tool = { name: "t", task: "optional", call: handler } as const;
  return { handler, ...taskServer([tool], { tasks: options }) };
}

it.each([
  ["the limit of lost attempts", 3, 3],
  ["twelve lost attempts, by default", 12, undefined],
])("fails a task without another run after %s", async (_what, lostAttempts, maxLostAttempts) => {
  const store = lossy(lostAttempts);
  const replica = server({ store, ...(maxLostAttempts && { maxLostAttempts }) });
  const { taskId } = await replica.call("t");
  const reason = `given up after ${lostAttempts} attempts were lost with their process`;
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
  ["one lost attempt less than the limit", 2, 3],
  ["eleven lost attempts, by default", 11, undefined],
  ["any number of lost attempts, without a limit", 1000, Number.POSITIVE_INFINITY],
])("runs a task after %s", async (_what, lostAttempts, maxLostAttempts) => {
  const store = lossy(lostAttempts);
  const replica = server({ store, ...(maxLostAttempts && { maxLostAttempts }) });
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
])(
  "with a limit of %s, tasks run isolated from %s lost attempts on",
  async (maxLostAttempts, isolateFrom) => {
    const store = createMemoryTaskStore();
    const work = vi.spyOn(store, "work");
    const replica = server({ store, ...(maxLostAttempts && { maxLostAttempts }) });
    replica.server.share({ tasks: store });
    expect(work).toHaveBeenCalledWith(expect.objectContaining({ isolateFrom }));
    await replica.server.close();
  },
);

it("counts steps and answers as progress, but not status messages", async () => {
  const memory = createMemoryTaskStore();
  const changes: unknown[] = [];
  const store: TaskStore = {
    ...memory,
    replace: (task, order) => {
      changes.push(order);
      return memory.replace(task, order);
    },
    work: ({ run, ...options }) =>
      memory.work({
        ...options,
        run: (taken) =>
          run(
            changedAttempt(taken, {
              replace: (task, change) => {
                changes.push(change);
                return taken.replace(task, change);
              },
            }),
          ),
      }),
  };
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
  // The round after the answer repeats the status message, and records no step again.
  expect(changes).toEqual([{}, { isProgress: true }, { order: "run" }, {}]);
});

it.each([0, -1, 1.5, Number.NaN])("refuses a limit of %s", (maxLostAttempts) => {
  expect(() => tasks({ maxLostAttempts })).toThrow(/^tasks: maxLostAttempts: expected an integer/);
});

it("runs no further step once the store does not confirm the attempt", async () => {
  const memory = createMemoryTaskStore();
  let isTaken = false;
  let attempts = 0;
  const store: TaskStore = {
    ...memory,
    work: ({ run, ...options }) =>
      memory.work({
        ...options,
        run: (taken) => {
          attempts += 1;
          const isFirst = attempts === 1;
          const confirm = async () => {
            if (isFirst && isTaken) throw new TransportError("aborted", "taken by another worker");
          };
          return run(changedAttempt(taken, { confirm }));
        },
      }),
  };
  const effects: string[] = [];
  const call = async (_args: unknown, context: HandlerContext) => {
    for (const name of ["one", "two", "three"]) {
      await context.step(name, () => {
        effects.push(`${attempts} ${name}`);
        isTaken = name === "two";
      });
    }
    return "done";
  };
  const tool = { name: "t", task: "optional", call } as const;
  const replica = taskServer([tool], { tasks: { store } });
  const { taskId } = await replica.call("t");
  await replica.until(taskId, isOver);
  expect(effects).toEqual(["1 one", "1 two", "2 three"]);
});

it("aborts a call that has become a task once its attempt is lost", async () => {
  const memory = createMemoryTaskStore();
  const listeners = new Set<(reason: unknown) => void>();
  const store: TaskStore = {
    ...memory,
    hold: async (task) => {
      const held = await memory.hold(task);
      const onLost: HeldTask["onLost"] = (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      };
      return Object.assign(changedAttempt(held, { onLost }), { release: () => held.release() });
    },
  };
  let resolve: (reason: unknown) => void = () => {};
  const aborted = new Promise<unknown>((done) => {
    resolve = done;
  });
  const call = async (_args: unknown, { signal, startTask }: HandlerContext) => {
    await startTask();
    signal.addEventListener("abort", () => resolve(signal.reason));
    return new Promise<never>(() => {});
  };
  const taskOptions = { promoteAfterMs: Number.POSITIVE_INFINITY };
  const tool = { name: "t", task: "optional", taskOptions, call } as const;
  const replica = taskServer([tool], { tasks: { store } });
  const { taskId } = await replica.call("t");
  const lost = new TransportError("aborted", "taken by another worker");
  for (const listener of listeners) listener(lost);
  expect(await aborted).toBe(lost);
  expect(await replica.get(taskId)).toMatchObject({ status: "working" });
});
