/** The client follows tasks of the server, over each transport. */
import { createClient, type ElicitHandler } from "lutra/client";
import { serveHttp } from "lutra/node";
import { createServer } from "lutra/server";
import { type DetailedTask, followTasks, tasks } from "lutra/tasks";
import { connect } from "lutra/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { taskTools } from "../../examples/everything/tasks.ts";
import { lutraCommand } from "./lutra-command.ts";

const onElicit: ElicitHandler = (params) => {
  if (params.mode === "url") return { action: "decline" };
  const isName = "name" in params.requestedSchema.properties;
  return { action: "accept", content: isName ? { name: "Ada" } : { confirm: true } };
};

const options = (notifications: boolean) => ({
  onElicit,
  extensions: [followTasks({ notifications })],
});

const created = () =>
  createServer({
    name: "tasks",
    version: "1",
    tools: taskTools,
    extensions: [tasks({ pollIntervalMs: 20 })],
  });

type TypedServer = ReturnType<typeof created>;

const combinations = (["memory", "http", "stdio"] as const).flatMap((way) =>
  [true, false].map((notifications) => [way, notifications] as const),
);

describe.each(combinations)("over %s, with notifications: %s", (way, notifications) => {
  const close: (() => Promise<unknown>)[] = [];
  const open = async () => {
    if (way === "memory") return connect(created(), options(notifications));
    if (way === "stdio") {
      const command = lutraCommand("serve", "examples/everything/server.ts", "--stdio");
      return createClient<TypedServer>(command, options(notifications));
    }
    const server = created();
    const http = await serveHttp(server, { port: 0 });
    close.push(http.close, server.close);
    return createClient<TypedServer>(http.url, options(notifications));
  };
  let client: Awaited<ReturnType<typeof open>>;

  beforeAll(async () => {
    client = await open();
    close.unshift(client.close);
  });
  afterAll(async () => {
    for (const end of close) await end();
  });

  it("callTool hides the task", async () => {
    const quick = await client.callTool("greet", { name: "Ada" });
    expect(quick.content).toMatchObject([{ text: "Hello, Ada!" }]);
    const slow = await client.callTool("slow_compute", { seconds: 0.05, label: "x" });
    expect(slow.content).toMatchObject([{ text: "Computed x in 0.05 s" }]);
  });

  it("the same handlers answer input requests before and during a task", async () => {
    const before = await client.callTool("test_tool_with_task");
    expect(before.content).toMatchObject([{ text: "Hello, Ada, from a task!" }]);
    const within = await client.callTool("multi_input");
    expect(within.content).toMatchObject([{ text: "Answered by accept and accept" }]);
  });

  it("failures are reported as without a task", async () => {
    const broken = client.callTool("protocol_error_job");
    await expect(broken).rejects.toMatchObject({ name: "ProtocolError", code: -32603, peer: true });
    expect(await client.callTool("failing_job")).toMatchObject({ isError: true });
  });

  it("a task is cancelled, and its watchers are notified", async () => {
    const { task, result } = await client.tasks.start("slow_compute", { seconds: 60 });
    const taskId = task?.taskId as string;
    const seen: DetailedTask["status"][] = [];
    for await (const { status } of client.tasks.watch(taskId)) {
      if (seen.length === 0) await client.tasks.cancel(taskId);
      seen.push(status);
    }
    expect(seen[0]).toBe("working");
    expect(seen.at(-1)).toBe("cancelled");
    await expect(result()).rejects.toMatchObject({ name: "TaskError", reason: "cancelled" });
  });

  it("another client resumes a task without knowing the tool", async () => {
    const { task } = await client.tasks.start("slow_compute", { seconds: 0.1, label: "y" });
    const result = await client.tasks.resume(task?.taskId as string);
    expect(result.content).toMatchObject([{ text: "Computed y in 0.1 s" }]);
  });
});
