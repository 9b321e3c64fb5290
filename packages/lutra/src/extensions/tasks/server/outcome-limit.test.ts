import { expect, it } from "vitest";
import type { HandlerContext } from "../../../server/handler/handler-context.ts";
import { isOver, taskServer } from "../fixtures/task-server.ts";
import { maxOutcomeChars, maxResultBytes } from "./outcome-limit.ts";

const half = "x".repeat(maxOutcomeChars / 2);

/** Creates a server with a tool `t` whose calls become tasks, after so many milliseconds. */
function serverOf(call: (context: HandlerContext) => unknown, promoteAfterMs = 0) {
  const taskOptions = { promoteAfterMs };
  const tool = { name: "t", task: "optional", taskOptions } as const;
  return taskServer([{ ...tool, call: (_args: never, context) => call(context) }]);
}

it.each([
  ["a task", 0],
  ["a call that becomes a task", Number.POSITIVE_INFINITY],
])("fails a step of %s whose outcome exceeds the maximum, once", async (_what, promoteAfterMs) => {
  const ran: string[] = [];
  const step = (context: HandlerContext, name: string, outcome: string) =>
    context.step(name, () => {
      ran.push(name);
      return outcome;
    });
  const { call, until, errors } = serverOf(async (context) => {
    await step(context, "first", half);
    const message = await step(context, "second", half).catch((error: Error) => error.message);
    await context.startTask();
    await context.step("pause", () => {});
    await step(context, "small", "fits");
    return message;
  }, promoteAfterMs);
  const { taskId } = await call("t");
  const { result } = await until(taskId, isOver);
  expect(result).toMatchObject({
    content: [
      { text: expect.stringMatching(/^step "second": expected outcomes of at most 33554432/) },
    ],
  });
  expect(ran).toEqual(["first", "second", "small"]);
  expect(errors).toEqual([]);
});

it.each([
  ["a task", 0],
  ["a call that becomes a task", Number.POSITIVE_INFINITY],
])("fails %s whose result is too large, with a reason", async (_what, promoteAfterMs) => {
  const { call, until } = serverOf(async (context) => {
    await context.startTask();
    return "x".repeat(maxResultBytes);
  }, promoteAfterMs);
  const { taskId } = await call("t");
  expect(await until(taskId, isOver)).toMatchObject({
    status: "failed",
    error: { code: -32603, message: expect.stringMatching(/^result of the task: expected about/) },
  });
});

it("counts the outcomes of earlier rounds", async () => {
  let runs = 0;
  const { call, until, update } = serverOf(async (context) => {
    runs += 1;
    await context.step("first", () => half);
    await context.elicit("a", {
      message: "Sure?",
      requestedSchema: {
        type: "object",
        properties: { ok: { type: "boolean" } },
        required: ["ok"],
      },
    });
    return context.step("second", () => half).catch((error: Error) => error.name);
  });
  const { taskId } = await call("t");
  await until(taskId, ({ status }) => status === "input_required");
  await update(taskId, { "a-1": { action: "accept", content: { ok: true } } });
  expect(await until(taskId, isOver)).toMatchObject({
    result: { content: [{ text: "StepError" }] },
  });
  expect(runs).toBe(2);
});
