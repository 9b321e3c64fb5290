/** Tools whose calls become tasks, and one that never does. */
import { setTimeout as delay } from "node:timers/promises";
import { defineTool, ProtocolError, ToolError } from "lutra/server";
import type {} from "lutra/tasks";
import { z } from "zod";

const greet = defineTool({
  name: "greet",
  description: "Greets at once",
  inputSchema: z.object({ name: z.string() }),
  call: ({ name }) => `Hello, ${name}!`,
});

const slowCompute = defineTool({
  name: "slow_compute",
  description: "Takes its time; ends early when it is cancelled",
  task: "optional",
  inputSchema: z.object({ seconds: z.number().min(0).max(600), label: z.string().optional() }),
  call: async ({ seconds, label = "nothing" }, context) => {
    await context.status(`Computing ${label}`);
    await delay(seconds * 1000, undefined, { signal: context.signal });
    return `Computed ${label} in ${seconds} s`;
  },
});

const failingJob = defineTool({
  name: "failing_job",
  description: "Fails after a second, and tells the model why",
  task: "required",
  call: async (_args, { signal }) => {
    await delay(1000, undefined, { signal });
    throw new ToolError("This job intentionally fails");
  },
});

const protocolErrorJob = defineTool({
  name: "protocol_error_job",
  description: "Ends in a protocol error",
  task: "required",
  call: () => {
    throw new ProtocolError("internalError", "This job intentionally breaks");
  },
});

const confirmation = z.object({ confirm: z.boolean() });

const confirmDelete = defineTool({
  name: "confirm_delete",
  description: "Asks in the middle of its task; deletes nothing",
  task: "optional",
  inputSchema: z.object({ filename: z.string() }),
  call: async ({ filename }, context) => {
    const answer = await context.elicit("confirm", {
      message: `Delete ${filename}?`,
      requestedSchema: confirmation,
    });
    return answer.action === "accept" && answer.content.confirm
      ? `Deleted ${filename}`
      : `Kept ${filename}`;
  },
});

const multiInput = defineTool({
  name: "multi_input",
  description: "Asks two questions at once in the middle of its task",
  task: "optional",
  call: async (_args, context) => {
    const [person, sure] = await Promise.all([
      context.elicit("name", {
        message: "What is your name?",
        requestedSchema: z.object({ name: z.string() }),
      }),
      context.elicit("confirm", { message: "Are you sure?", requestedSchema: confirmation }),
    ]);
    return `Answered by ${person.action} and ${sure.action}`;
  },
});

const withTask = defineTool({
  name: "test_tool_with_task",
  description: "Asks for a name before it becomes a task",
  task: "required",
  taskOptions: { promoteAfterMs: Number.POSITIVE_INFINITY },
  call: async (_args, context) => {
    const answer = await context.elicit("user_name", {
      message: "What is your name?",
      requestedSchema: z.object({ name: z.string() }),
    });
    await context.startTask();
    const name = answer.action === "accept" ? answer.content.name : "stranger";
    return `Hello, ${name}, from a task!`;
  },
});

export const taskTools = [
  greet,
  slowCompute,
  failingJob,
  protocolErrorJob,
  confirmDelete,
  multiInput,
  withTask,
] as const;
