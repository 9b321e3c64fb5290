import { expect, it } from "vitest";
import { createManualClock } from "../../../testing/manual-clock.ts";
import { createOpenTasks } from "./open-tasks.ts";
import type { TaskRecord } from "./records.ts";

/** A store in which tasks are open until a test ends them. */
function setUp(limit: number) {
  const clock = createManualClock();
  const ended = new Set<string>();
  let reads = 0;
  const open = createOpenTasks({
    limit,
    now: clock.now,
    read: async (taskId) => {
      reads += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return ended.has(taskId) ? undefined : recordOf(taskId, "working");
    },
  });
  const create = (taskId: string, id = "ada") => open.add({ id }, async () => ({ taskId }));
  return { clock, open, create, end: (taskId: string) => ended.add(taskId), reads: () => reads };
}

function recordOf(taskId: string, status: string): TaskRecord {
  const state = { status, call: { principal: { id: "ada" } } };
  return { taskId, version: 1, expiresAt: null, state } as unknown as TaskRecord;
}

const refused = { status: 429, retryAfterMs: 1000 };

it("the tasks of a principal at its limit are read at most once per retry pause", async () => {
  const { clock, create, end, reads } = setUp(3);
  for (const taskId of ["a", "b", "c"]) await create(taskId);
  const crowd = await Promise.allSettled(Array.from({ length: 20 }, () => create("d")));
  expect(crowd.map(({ status }) => status)).toEqual(Array(20).fill("rejected"));
  await expect(create("d")).rejects.toMatchObject(refused);
  expect(reads()).toBe(3);
  end("a");
  clock.advance(1000);
  await create("d");
  expect(reads()).toBe(6);
});

it("all tasks that end during a check of the store are counted as ended", async () => {
  const { open, create } = setUp(2);
  for (const taskId of ["a", "b"]) await create(taskId);
  const waiting = create("c");
  for (const taskId of ["a", "b"]) open.update(recordOf(taskId, "completed"));
  await create("d");
  await waiting;
  await expect(create("e")).rejects.toMatchObject(refused);
});

it("forgets a principal once its last task has ended in this process", async () => {
  const { open, create } = setUp(2);
  await create("a");
  expect(open.principals()).toBe(1);
  open.update(recordOf("a", "completed"));
  expect(open.principals()).toBe(0);
});

it("forgets principals whose tasks have ended elsewhere when there are many", async () => {
  const { open, create, end } = setUp(2);
  for (let n = 0; n < 1500; n += 1) {
    await create(`${n}`, `principal ${n}`);
    if (n !== 3) end(`${n}`);
  }
  await expect.poll(open.principals).toBeLessThan(1010);
  // Open tasks still count.
  await create("second", "principal 3");
  await expect(create("third", "principal 3")).rejects.toMatchObject(refused);
});
