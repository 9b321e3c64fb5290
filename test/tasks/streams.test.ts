/** Thousands of streams in one process. An event calls only the listeners of its topic. */
import type { JSONRPCNotification } from "lutra/protocol";
import { createServer, defineTool } from "lutra/server";
import { createMemoryEventBus, type EventBus } from "lutra/stores";
import { tasks, tasksId } from "lutra/tasks";
import { expect, it } from "vitest";

const streams = 5000;

const ask = defineTool({
  name: "ask",
  task: "required",
  call: async (_args, context) => {
    await context.elicit("sure", {
      message: "Sure?",
      requestedSchema: { type: "object", properties: {} },
    });
    return "";
  },
});

/** Counts the calls of listeners. */
function countingBus() {
  const bus = createMemoryEventBus();
  const count = { calls: 0 };
  const events: EventBus = {
    publish: bus.publish,
    subscribe: (topic, listener) =>
      bus.subscribe(topic, (event) => {
        count.calls += 1;
        listener(event);
      }),
  };
  return { events, count };
}

const _meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {
    elicitation: { form: {} },
    extensions: { [tasksId]: {} },
  },
};

it(`a change of one task calls the listeners of its stream, and of none of ${streams - 1} others`, async () => {
  const { events, count } = countingBus();
  const server = createServer({
    name: "streams",
    version: "1",
    tools: [ask],
    extensions: [tasks({ maxOpenTasks: streams })],
    events,
    callerShare: 1,
  });
  const send = (
    method: string,
    params: object,
    notify: (notification: JSONRPCNotification) => void = () => {},
  ) =>
    server.serve(
      { jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } },
      { signal: new AbortController().signal, notify },
    );
  const call = { name: "ask", arguments: {} };
  const statusOf = async (taskId: unknown) => (await send("tasks/get", { taskId })).status;

  const taskIds: string[] = [];
  for (let index = 0; index < streams; index += 1) {
    taskIds.push((await send("tools/call", call)).taskId as string);
  }
  await expect.poll(() => statusOf(taskIds.at(-1)), { timeout: 30_000 }).toBe("input_required");

  const heard = taskIds.map((): JSONRPCNotification[] => []);
  for (const [index, taskId] of taskIds.entries()) {
    const listen = { notifications: { taskIds: [taskId] } };
    const notify = (one: JSONRPCNotification) => void heard[index]?.push(one);
    send("subscriptions/listen", listen, notify).catch(() => {});
  }
  // The acknowledgment and the initial state.
  await expect
    .poll(() => heard.every(({ length }) => length === 2), { timeout: 30_000 })
    .toBe(true);

  count.calls = 0;
  await send("tasks/cancel", { taskId: taskIds[1234] });
  await expect.poll(() => heard[1234]?.length).toBe(3);
  expect(heard[1234]?.at(-1)).toMatchObject({ params: { status: "cancelled" } });
  // The stream itself, and the listener that aborts a cancelled run.
  expect(count.calls).toBe(2);
  expect(heard.filter(({ length }) => length > 2)).toHaveLength(1);
  await server.close();
});
