/** An in-process server whose tool becomes a task of one step. */
import { randomUUID } from "node:crypto";
import { createServer, defineTool } from "lutra/server";
import { createMemoryEventBus, type EventBus, type TaskStore } from "lutra/stores";
import { tasks } from "lutra/tasks";
import { inFlight, type Subject, state } from "./engine.ts";

const params = {
  name: "work",
  arguments: {},
  _meta: {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {
      extensions: { "io.modelcontextprotocol/tasks": {} },
    },
  },
};

/** A signal that is created on first use, as transports do. */
const context = { signal: new AbortController().signal, notify: () => {} };

const work = defineTool({
  name: "work",
  task: "required",
  call: async (_arguments, context) => `done: ${await context.step("only", () => "one step")}`,
});

/** The same call without a task, with a `Map` behind it: the cost of the server alone. */
export function plainServer(): Subject {
  const rows = new Map<string, { readonly version: number; readonly state: string }>();
  const tool = defineTool({
    name: "work",
    call: async () => {
      const taskId = randomUUID();
      rows.set(taskId, { version: 1, state });
      const text = await "one step";
      rows.set(taskId, { version: 2, state });
      return `done: ${text}`;
    },
  });
  const server = createServer({ name: "bench", version: "1.0.0", tools: [tool] });
  let id = 0;
  return {
    create: async () => {
      id += 1;
      const request = { jsonrpc: "2.0", id, method: "tools/call", params } as const;
      return { done: Promise.resolve(await server.serve(request, context)) };
    },
  };
}

/** Tasks over a store. */
export function taskServer(store: TaskStore): Subject {
  const ends = createEnds();
  const server = createServer({
    name: "bench",
    version: "1.0.0",
    tools: [work],
    events: ends.events,
    extensions: [tasks({ store, concurrency: inFlight, maxOpenTasks: 1000 })],
  });
  let id = 0;
  return {
    create: async () => {
      id += 1;
      const request = { jsonrpc: "2.0", id, method: "tools/call", params } as const;
      const { taskId } = await server.serve(request, context);
      if (typeof taskId !== "string") throw new Error("expected a task");
      return { done: ends.of(taskId) };
    },
  };
}

/** Tracks the ends of tasks. An end can be announced before the creation has returned. */
function createEnds() {
  const memory = createMemoryEventBus();
  const ended = new Set<string>();
  const waiting = new Map<string, () => void>();
  const events: EventBus = {
    subscribe: memory.subscribe,
    publish: (topic, event) => {
      const taskId = event.taskId as string;
      const resolve = waiting.get(taskId);
      if (resolve === undefined) ended.add(taskId);
      waiting.delete(taskId);
      resolve?.();
      return memory.publish(topic, event);
    },
  };
  const of = (taskId: string) =>
    new Promise<void>((resolve) => {
      if (ended.delete(taskId)) resolve();
      else waiting.set(taskId, resolve);
    });
  return { events, of };
}
