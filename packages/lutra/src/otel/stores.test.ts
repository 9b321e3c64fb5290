import { trace } from "@opentelemetry/api";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { createClient } from "../client/node.ts";
import { followTasks, tasks } from "../extensions/tasks/index.ts";
import { createServer, defineTool } from "../server/index.ts";
import { createMemoryEventBus, createMemoryTaskStore } from "../stores/index.ts";
import { type RecordedSpans, recordSpans } from "./fixtures/recorded-spans.ts";
import { traceServer, traceStores } from "./index.ts";

let spans: RecordedSpans;
beforeEach(() => {
  spans = recordSpans();
});
afterEach(() => spans.close());

const within = <T>(run: () => T) =>
  trace.getTracer("test").startActiveSpan("work", (span) => {
    const result = run();
    span.end();
    return result;
  });

it("puts the store calls of a task below the request, the handler and the steps", async () => {
  const report = defineTool({
    name: "report",
    task: "required",
    taskOptions: { pollIntervalMs: 1 },
    call: async (_args, context) => {
      await context.step("collect", () => 1);
      await context.elicit("sure", {
        message: "Sure?",
        requestedSchema: z.object({ yes: z.boolean() }),
      });
      return "done";
    },
  });
  const server = createServer({
    name: "x",
    version: "1.0.0",
    tools: [report],
    extensions: [tasks()],
  });
  const shared = { tasks: createMemoryTaskStore(), events: createMemoryEventBus() };
  server.share({ ...traceStores(shared), observer: traceServer() });
  const client = createClient(server, {
    extensions: [followTasks()],
    onElicit: () => ({ action: "accept", content: { yes: true } }),
  });
  await client.callTool("report");
  await client.close();
  await server.close();
  const calls = spans
    .all()
    .filter(({ name }) => name.startsWith("store"))
    .map(({ name, parent }) => `${name}, below ${parent}`);
  expect(calls).toContain("store tasks create, below SERVER tools/call report");
  expect(calls).toContain("store tasks replace, below INTERNAL execute_tool report");
  expect(calls).toContain("store tasks replace, below SERVER tasks/update");
  expect(calls).not.toContainEqual(expect.stringContaining("undefined"));
});

it("records a failure of a store, and passes it on", async () => {
  const handles = {
    get: async () => {
      throw new RangeError("secret");
    },
  };
  const traced = traceStores({ handles });
  await expect(within(() => traced.handles.get())).rejects.toThrow("secret");
  expect(spans.all().find(({ name }) => name === "store handles get")).toMatchObject({
    parent: "INTERNAL work",
    attributes: {
      "lutra.store": "handles",
      "lutra.store.operation": "get",
      "error.type": "RangeError",
    },
  });
});

it("keeps the other members of a store, also of a frozen one and of one that is a class", async () => {
  class Store {
    readonly #kept = "kept";
    readonly isShared = true;
    get(): string {
      return this.#kept;
    }
    close(): string {
      return this.#kept;
    }
  }
  const frozen = Object.freeze({ claim: () => true, isShared: false });
  const given = { replicas: 3, handles: new Store(), replayGuard: frozen };
  const traced = traceStores(given);
  expect(traced.replicas).toBe(3);
  expect(traced.handles.isShared).toBe(true);
  expect(traced.handles.close()).toBe("kept");
  expect(traced.handles.get()).toBe("kept");
  expect(await within(() => traced.replayGuard.claim())).toBe(true);
  expect({ ...traced.replayGuard }).toMatchObject({ isShared: false });
});

it("records no span outside of one", async () => {
  const traced = traceStores({ handles: { get: () => 1 } });
  expect(traced.handles.get()).toBe(1);
  expect(spans.all()).toEqual([]);
});
