import { expect, it } from "vitest";
import type { ListedTask } from "../../../stores/task-store.ts";
import { newTask, type TaskState, transition } from "../state.ts";
import { taskOverview, taskPrincipal } from "./task-overview.ts";

const schedule = { attempts: 2, lostAttempts: 1, rejections: 0, isRunning: false };

const started = newTask({
  now: 1000,
  ttlMs: null,
  pollIntervalMs: 50,
  call: { name: "pay", arguments: { card: "secret" }, meta: {}, principal: { id: "ada" } },
  memory: { answers: {}, steps: {}, state: undefined },
  exchange: "x",
});

const listed = (state: TaskState | undefined): ListedTask => ({
  task: { taskId: "t", version: 1, expiresAt: null, state: state as never },
  ...schedule,
});

it("has the steps and the open questions of a task, and no arguments and outcomes", () => {
  const progressed = transition(
    started,
    { type: "progress", steps: { reserve: { value: "secret" } as never }, history: [] },
    1001,
  );
  const params = { message: "Sure?", requestedSchema: { type: "object", properties: {} } };
  const asking = transition(
    progressed,
    {
      type: "ask",
      round: 1,
      pending: { sure: { method: "elicitation/create", params } as never },
      memory: { answers: {}, steps: {}, state: undefined },
    },
    1002,
  );
  const overview = taskOverview(listed(asking));
  expect(overview).toMatchObject({
    taskId: "t",
    tool: "pay",
    principal: "ada",
    status: "input_required",
    createdAt: 1000,
    lastUpdatedAt: 1002,
    ...schedule,
    steps: ["reserve"],
    questions: [{ name: "sure", message: "Sure?" }],
    isError: false,
  });
  expect(JSON.stringify(overview)).not.toContain("secret");
});

it("has the reason of a failure", () => {
  const error = { code: -32603, message: "The bank does not answer" };
  const failed = transition(started, { type: "fail", round: 1, error }, 1003);
  expect(taskOverview(listed(failed))).toMatchObject({ status: "failed", error, questions: [] });
  const result = { content: [], isError: true };
  const completed = transition(started, { type: "complete", round: 1, result }, 1003);
  expect(taskOverview(listed(completed))).toMatchObject({ status: "completed", isError: true });
});

it("is missing for a state that was too large to be listed", () => {
  expect(taskOverview(listed(undefined))).toBeUndefined();
  expect(taskPrincipal(listed(undefined))).toBeNull();
  expect(taskPrincipal(listed(started))).toEqual({ id: "ada" });
});
