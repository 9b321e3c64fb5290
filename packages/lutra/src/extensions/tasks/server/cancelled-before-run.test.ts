import { expect, it } from "vitest";
import { createMemoryEventBus } from "../../../stores/event-bus.ts";
import { cancelledTopic } from "./records.ts";
import { createRunning } from "./running.ts";

it("aborts a run at once whose task was cancelled after it was taken", () => {
  const events = createMemoryEventBus();
  const running = createRunning({ events, read: async () => undefined, onError: () => {} });
  const aborted: string[] = [];
  events.publish(cancelledTopic, { taskId: "a" });
  running.add("b", () => aborted.push("b"));
  running.add("a", () => aborted.push("a"));
  expect(aborted).toEqual(["a"]);
  running.close();
});

it("remembers a thousand cancellations and no more", () => {
  const events = createMemoryEventBus();
  const running = createRunning({ events, read: async () => undefined, onError: () => {} });
  for (let n = 0; n <= 1000; n += 1) events.publish(cancelledTopic, { taskId: `${n}` });
  const aborted: string[] = [];
  for (const taskId of ["0", "1", "1000"]) running.add(taskId, () => aborted.push(taskId));
  expect(aborted).toEqual(["1", "1000"]);
  running.close();
});
