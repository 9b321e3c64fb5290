import { afterEach, describe, expect, it } from "vitest";
import type { Client, ClientOptions } from "../../../client/index.ts";
import { ProtocolError } from "../../../protocol/errors.ts";
import type { ToolDefinition } from "../../../server/tools.ts";
import { connect } from "../../../testing/connect.ts";
import { form, gate, taskServer } from "../fixtures/task-server.ts";
import { type FollowTasksOptions, followTasks } from "./follow-tasks.ts";

const open: Client[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
});

function connected(
  tools: readonly ToolDefinition[],
  options: FollowTasksOptions = {},
  clientOptions: ClientOptions = {},
) {
  const { server, ...rest } = taskServer(tools, { tasks: { pollIntervalMs: 10 } });
  const client = connect(server, { extensions: [followTasks(options)], ...clientOptions });
  open.push(client as Client);
  return { server, client: client as Client, ...rest };
}

const tool = (call: ToolDefinition["call"]): ToolDefinition => ({
  name: "t",
  task: "optional",
  call,
});

describe.each([true, false])("callTool, with notifications: %s", (notifications) => {
  it("resolves to the final result", async () => {
    const { client } = connected([tool(() => "done")], { notifications });
    expect(await client.callTool("t")).toMatchObject({ content: [{ text: "done" }] });
  });

  it("rejects with the error of a task that failed", async () => {
    const failing = tool(() => {
      throw new ProtocolError("invalidParams", "bad", { data: 7 });
    });
    const { client } = connected([failing], { notifications });
    await expect(client.callTool("t")).rejects.toMatchObject({
      name: "ProtocolError",
      peer: true,
      code: -32602,
      message: "bad",
      data: 7,
    });
  });

  it("rejects with a TaskError if the task was cancelled", async () => {
    const { opened } = gate();
    const created = gate<string>();
    const { client, cancel } = connected([tool(() => opened.then(() => ""))], {
      notifications,
      onTask: ({ taskId }) => created.open(taskId),
    });
    const result = client.callTool("t");
    result.catch(() => {});
    await cancel(await created.opened);
    await expect(result).rejects.toMatchObject({ name: "TaskError", reason: "cancelled" });
  });

  it("answers input requests with the client's handlers, each key once", async () => {
    const asking = tool(async (_args, context) => {
      const [a, b] = await Promise.all([context.elicit("a", form), context.elicit("b", form)]);
      const c = await context.elicit("c", form);
      return [a, b, c].map(({ action }) => action).join(" ");
    });
    const keys: string[] = [];
    const { client } = connected(
      [asking],
      { notifications },
      {
        onElicit: (_params, { key, name, method }) => {
          keys.push(`${method} ${name} ${key}`);
          return { action: "accept", content: { ok: true } };
        },
      },
    );
    const result = await client.callTool("t");
    expect(result).toMatchObject({ content: [{ text: "accept accept accept" }] });
    expect(keys).toEqual(["a-1", "b-2", "c-3"].map((key) => `tools/call t ${key}`));
  });
});
