import { expect, it } from "vitest";
import { placesOf } from "../fixtures/places.ts";

it.each([
  ["server.experimental.tasks.register(name);", "experimental"],
  ["new sdk.InMemoryTaskStore();", "InMemoryTaskStore"],
  ["tasks.registerToolTask(name, config, handler);", "registerToolTask"],
  ["sendRequest(request, schema, { relatedTask: { taskId } });", "relatedTask"],
  ["new Server(info, { taskStore });", "taskStore"],
  ["await extra.taskStore.createTask({});", "createTask"],
  [`request({ method: "tasks/result" });`, "tasks/result"],
  ["client.callToolStream(call);", "callToolStream"],
])("the rule experimental-tasks finds %s", (source, found) => {
  expect(placesOf("experimental-tasks", source)).toEqual([`1: ${found}`]);
});

it("the rule experimental-tasks ignores other tasks", () => {
  expect(placesOf("experimental-tasks", "queue.createTask({});")).toEqual([]);
});
