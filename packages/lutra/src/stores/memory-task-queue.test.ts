import { expect, it } from "vitest";
import { MemoryTaskQueue } from "./memory-task-queue.ts";
import type { Claim } from "./task-attempt.ts";

const task = { taskId: "a", version: 1, expiresAt: null, state: {} };

it("refuses writes and effects under a claim that is no longer current", async () => {
  const queue = new MemoryTaskQueue({
    wait: () => new Promise(() => {}),
    read: () => task,
    replace: () => true,
  });
  queue.order(task.taskId, true);
  const claim = async () => (await queue.claim({ limit: 1 }))[0] as Claim;
  const first = await claim();
  expect(await queue.write(first, task, "keep")).toBe("written");
  await queue.settle(first, "released");
  const second = await claim();
  expect(await queue.write(first, task, "keep")).toBe("lost");
  expect(await queue.owns(first)).toBe(false);
  await queue.settle(first, "done");
  expect(await queue.owns(second)).toBe(true);
  expect(await queue.write(second, task, "end")).toBe("written");
});
