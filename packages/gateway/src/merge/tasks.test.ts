/** Tasks of real servers behind a merged server, whose ids are sealed in all messages. */
import { createServer, defineTool } from "lutra/server";
import { type DetailedTask, followTasks, taskMethods, tasks, tasksId } from "lutra/tasks";
import { afterEach, expect, it } from "vitest";
import { clientOf, contextOf, fakeUpstream, mergeOf, requestOf } from "./fixtures/upstreams.ts";

const form = {
  message: "Sure?",
  requestedSchema: { type: "object", properties: { ok: { type: "boolean" } } },
} as const;

const confirm = defineTool({
  name: "confirm",
  task: "required",
  call: async (_args, context) => (await context.elicit("sure", form)).action,
});

const close: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of close.splice(0)) await end();
});

function created(name: string) {
  const extensions = [tasks({ pollIntervalMs: 20, closeGraceMs: 0 })];
  return createServer({ name, version: "1", tools: [confirm], extensions });
}

function merged() {
  const servers = [created("a"), created("b")] as const;
  close.push(...servers.map((server) => server.close));
  const [a, b] = servers.map((server, index) => fakeUpstream("ab"[index] as string, server));
  if (a === undefined || b === undefined) throw new TypeError("expected two upstreams");
  const merge = mergeOf([a, b], { methods: taskMethods });
  close.push(merge.close);
  return { a, b, merge };
}

it.each([true, false])(
  "a client follows a task, with notifications: %s, and never sees the upstream's id",
  async (notifications) => {
    const { a, b, merge } = merged();
    const seen: string[] = [];
    const client = await clientOf(merge, {
      onElicit: () => ({ action: "accept", content: { ok: true } }),
      extensions: [followTasks({ notifications, onTask: ({ taskId }) => void seen.push(taskId) })],
    });
    close.unshift(client.close);
    const result = await client.callTool("b.confirm");
    expect(result.content).toMatchObject([{ text: "accept" }]);
    const ids = ["tasks/get", "tasks/update"].flatMap(b.asked).map(({ params }) => params?.taskId);
    const [own, ...others] = new Set(ids);
    expect(others).toEqual([]);
    expect(own).toEqual(expect.any(String));
    expect(seen).toEqual([expect.any(String)]);
    expect(seen).not.toContain(own);
    const followed = b.asked("subscriptions/listen").map(({ params }) => params?.notifications);
    expect(followed).toEqual(notifications ? [{ taskIds: [own] }] : []);
    expect(a.requests.filter(({ method }) => method.startsWith("tasks/"))).toEqual([]);
  },
);

it("one subscription follows tasks of several upstreams by the ids that the client knows", async () => {
  const { merge } = merged();
  const capabilities = { elicitation: { form: {} }, extensions: { [tasksId]: {} } };
  const start = async (name: string) => {
    const call = requestOf("tools/call", { name, arguments: {} }, capabilities);
    return (await merge.serve(call, contextOf("ada"))).taskId as string;
  };
  const taskIds = [await start("a.confirm"), await start("b.confirm")];
  const heard: { readonly method: string; readonly params?: unknown }[] = [];
  const controller = new AbortController();
  const listen = requestOf("subscriptions/listen", { notifications: { taskIds } }, capabilities);
  const notify = (one: (typeof heard)[number]) => void heard.push(one);
  const stream = merge.serve(listen, contextOf("ada", { notify, signal: controller.signal }));
  stream.catch(() => {});
  const statusesOf = (id: string | undefined) =>
    heard
      .slice(1)
      .map(({ params }) => params as DetailedTask)
      .filter(({ taskId }) => taskId === id)
      .map(({ status }) => status);
  await expect
    .poll(() => taskIds.map((id) => statusesOf(id).at(-1)))
    .toEqual(["input_required", "input_required"]);
  expect(heard[0]).toMatchObject({ params: { notifications: { taskIds } } });
  const cancel = requestOf("tasks/cancel", { taskId: taskIds[1] }, capabilities);
  await merge.serve(cancel, contextOf("ada"));
  await expect.poll(() => statusesOf(taskIds[1]).at(-1)).toBe("cancelled");
  expect(statusesOf(taskIds[0]).at(-1)).toBe("input_required");
  controller.abort();
});

it("a method that the extension does not define is not found, even with a valid id", async () => {
  const { merge } = merged();
  const capabilities = { extensions: { [tasksId]: {} } };
  const ask = (method: string) =>
    merge.serve(requestOf(method, { taskId: "made-up" }, capabilities), contextOf("ada"));
  await expect(ask("tasks/result")).rejects.toMatchObject({ code: -32601 });
  await expect(ask("tasks/get")).rejects.toMatchObject({ code: -32602 });
});

it("a task is only known to the principal that created it, also in a subscription", async () => {
  const { merge } = merged();
  const capabilities = { elicitation: { form: {} }, extensions: { [tasksId]: {} } };
  const call = requestOf("tools/call", { name: "a.confirm", arguments: {} }, capabilities);
  const { taskId } = await merge.serve(call, contextOf("ada"));
  const get = requestOf("tasks/get", { taskId }, capabilities);
  expect(await merge.serve(get, contextOf("ada"))).toMatchObject({ taskId });
  await expect(merge.serve(get, contextOf("bob"))).rejects.toMatchObject({ code: -32602 });
  const heard: object[] = [];
  const filter = { notifications: { taskIds: [taskId] } };
  const listen = requestOf("subscriptions/listen", filter, capabilities);
  const controller = new AbortController();
  const { signal } = controller;
  const notify = (one: object) => void heard.push(one);
  merge.serve(listen, contextOf("bob", { notify, signal })).catch(() => {});
  await expect.poll(() => heard).toMatchObject([{ params: { notifications: {} } }]);
  expect(heard[0]).not.toHaveProperty("params.notifications.taskIds");
  controller.abort();
});
