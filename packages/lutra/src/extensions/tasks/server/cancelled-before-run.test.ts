import { expect, it } from "vitest";
import { createMemoryEventBus } from "../../../stores/memory-event-bus.ts";
import { cancelledTopic } from "./records.ts";
import { createRunningTasks } from "./running-tasks.ts";

it("aborts a task at once that was cancelled after its claim", () => {
  const events = createMemoryEventBus();
  const running = createRunningTasks({ events, read: async () => undefined, onError: () => {} });
  const aborted: string[] = [];
  events.publish(cancelledTopic, { taskId: "a" });
  running.add("b", () => aborted.push("b"));
  running.add("a", () => aborted.push("a"));
  expect(aborted).toEqual(["a"]);
  running.close();
});

it("remembers the last thousand cancellations", () => {
  const events = createMemoryEventBus();
  const running = createRunningTasks({ events, read: async () => undefined, onError: () => {} });
  for (let n = 0; n <= 1000; n += 1) events.publish(cancelledTopic, { taskId: `${n}` });
  const aborted: string[] = [];
  for (const taskId of ["0", "1", "1000"]) running.add(taskId, () => aborted.push(taskId));
  expect(aborted).toEqual(["1", "1000"]);
  running.close();
});
