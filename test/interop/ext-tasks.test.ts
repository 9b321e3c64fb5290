/**
 * The client of `@modelcontextprotocol/ext-tasks` against our server, over HTTP: calls, polls,
 * answers, cancels and resumes. The package's own validators check everything that our server
 * sends, and at everything that our client sends.
 */
import type { JSONRPCNotification } from "@modelcontextprotocol/client";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import {
  createTaskSessionFromClient,
  resultFromTaskOutcome,
  type SerializedTaskReference,
  type TaskEnabledSession,
} from "@modelcontextprotocol/ext-tasks/client";
import {
  isCancelTaskRequestV2,
  isCreateTaskResultV2,
  isDetailedTaskV2,
  isGetTaskRequestV2,
  isTaskStatusNotificationV2,
  isUpdateTaskRequestV2,
  readAcceptedTaskIdsV2,
} from "@modelcontextprotocol/ext-tasks/core/v2";
import { createClient } from "lutra/client";
import { serveHttp } from "lutra/node";
import { createServer } from "lutra/server";
import { followTasks, tasks, tasksId } from "lutra/tasks";
import { afterAll, beforeAll, expect, it } from "vitest";
import { taskTools } from "../../examples/everything/tasks.ts";

const capabilities = { elicitation: {}, extensions: { [tasksId]: {} } };
const clientInfo = { name: "ext-tasks", version: "0.2.2" };

type Json = { readonly [name: string]: unknown };

let url: string;
let session: TaskEnabledSession;
const close: (() => Promise<unknown>)[] = [];
const bad: unknown[] = [];

beforeAll(async () => {
  const server = createServer({
    name: "tasks",
    version: "1",
    tools: taskTools,
    extensions: [tasks({ pollIntervalMs: 20 })],
  });
  const http = await serveHttp(server, { port: 0 });
  url = http.url;
  session = await connectSession();
  close.push(
    () => http.close(),
    () => server.close(),
  );
});

afterAll(async () => {
  for (const end of close) await end();
  expect(bad).toEqual([]);
});

async function connectSession(): Promise<TaskEnabledSession> {
  const client = new Client(clientInfo, {
    capabilities,
    versionNegotiation: { mode: { pin: "2026-07-28" } },
  });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  close.unshift(() => client.close());
  return newSession(client);
}

let lastId = 0;

/** Sends a request as a host does whose own client does not know of tasks. */
async function post(request: Json): Promise<Json> {
  lastId += 1;
  const { method, params = {} } = request as { method: string; params?: Json };
  const name = params.taskId ?? params.name;
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...(typeof name === "string" && { "mcp-name": name }),
    },
    body: JSON.stringify({ ...request, jsonrpc: "2.0", id: lastId }),
  });
  const message = (await response.json()) as { result?: Json };
  if (message.result) validate(method, message.result);
  return message;
}

/** Everything that our server sends must be what the package's schemas say. */
function validate(method: string, result: Json): void {
  const { resultType } = result;
  const isGood =
    method === "tasks/get"
      ? isDetailedTaskV2(result) && resultType === "complete"
      : resultType !== "task" || isCreateTaskResultV2(result);
  if (!isGood) bad.push(result);
}

function newSession(client: Client): TaskEnabledSession {
  return createTaskSessionFromClient(client, {
    endpointId: "test",
    v2RequestFraming: {
      protocolVersion: "2026-07-28",
      clientInfo,
      clientCapabilities: capabilities,
    },
    rawDispatch: async (request) => {
      const { result, error } = await post(request as Json);
      return (error ? { kind: "error", error } : { kind: "result", result }) as never;
    },
    onInputRequest: async (request) => {
      if (request.kind !== "elicitation") throw new TypeError("not asked for");
      const { properties } = request.params.requestedSchema as { properties: Json };
      const content = "name" in properties ? { name: "Ada" } : { confirm: true };
      return { action: "accept", content } as never;
    },
  });
}

const textOf = (result: unknown) => (result as { content: [{ text: string }] }).content[0].text;

it("answers at once where the tool does", async () => {
  const execution = await session.callTool("greet", { name: "Ada" });
  expect(execution.kind).toBe("immediate");
  expect(textOf(resultFromTaskOutcome(await execution.result()))).toBe("Hello, Ada!");
});

it("polls a task to its result", async () => {
  const execution = await session.callTool("slow_compute", { seconds: 0.05, label: "x" });
  expect(execution.kind).toBe("task");
  expect(textOf(resultFromTaskOutcome(await execution.result()))).toContain("Computed x");
});

it.each([
  ["confirm_delete", { filename: "a" }, "Deleted a"],
  ["multi_input", {}, "Answered by accept and accept"],
  ["test_tool_with_task", {}, "Hello, Ada, from a task!"],
])("answers what %s asks", async (name, args, text) => {
  const execution = await session.callTool(name, args);
  expect(textOf(resultFromTaskOutcome(await execution.result()))).toBe(text);
});

it("reads a failed task, and one whose tool failed", async () => {
  const broken = await session.callTool("protocol_error_job");
  expect(await broken.result()).toMatchObject({ status: "failed", error: { code: -32603 } });
  const failing = await session.callTool("failing_job");
  expect(await failing.result()).toMatchObject({ status: "completed", result: { isError: true } });
});

it("cancels", async () => {
  const execution = await session.callTool("slow_compute", { seconds: 60 });
  await execution.cancel();
  expect(await execution.result()).toMatchObject({ status: "cancelled" });
});

it("resumes a task of earlier", async () => {
  const execution = await session.callTool("slow_compute", { seconds: 0.2 });
  if (execution.kind !== "task") throw new TypeError("expected a task");
  const kept: SerializedTaskReference[] = [];
  await execution.handoff((reference) => void kept.push(reference));
  const later = await connectSession();
  const resumed = await later.resumeTask(kept[0] as SerializedTaskReference);
  expect(textOf(resultFromTaskOutcome(await resumed.result()))).toContain("Computed");
});

it("its validators find nothing wrong with our notifications, nor with what our client sends", async () => {
  const sent: Json[] = [];
  const received: JSONRPCNotification[] = [];
  const client = createClient(url, {
    extensions: [followTasks()],
    onElicit: () => ({ action: "accept", content: { confirm: true } }),
    middleware: [
      (next) => (request, context) => {
        sent.push(request as unknown as Json);
        const notify: typeof context.notify = (notification) => {
          received.push(notification as JSONRPCNotification);
          return context.notify(notification);
        };
        return next(request, { ...context, notify });
      },
    ],
  });
  await client.callTool("confirm_delete", { filename: "b" });
  const { task } = await client.tasks.start("slow_compute", { seconds: 60 });
  const taskId = task?.taskId as string;
  await client.tasks.get(taskId);
  await client.tasks.cancel(taskId);
  await client.close();

  const of = (method: string) => sent.filter((request) => request.method === method);
  expect(of("tasks/get").filter((it) => !isGetTaskRequestV2(it))).toEqual([]);
  expect(of("tasks/update").filter((it) => !isUpdateTaskRequestV2(it))).toEqual([]);
  expect(of("tasks/cancel").filter((it) => !isCancelTaskRequestV2(it))).toEqual([]);
  expect(of("tasks/update")).toHaveLength(1);
  const [acknowledged, ...others] = received;
  expect(readAcceptedTaskIdsV2(acknowledged?.params as never)).toHaveLength(1);
  expect(others.length).toBeGreaterThan(1);
  expect(others.filter((it) => !isTaskStatusNotificationV2(it))).toEqual([]);
});
