import { expect, it } from "vitest";
import { createServer, defineTool } from "../server/index.ts";
import { connect, createManualClock, recordNotifications } from "./index.ts";

const add = defineTool({
  name: "add",
  description: "Adds two numbers",
  inputSchema: {
    type: "object",
    properties: { a: { type: "number" }, b: { type: "number" } },
    required: ["a", "b"],
  },
  call: ({ a, b }, { principal }) => `${a + b} for ${principal?.id ?? "anyone"}`,
});

const slowly = defineTool({
  name: "slowly",
  description: "Reports progress",
  call: async (_arguments, context) => {
    await context.progress(1);
    await context.progress(2);
    return "done";
  },
});

const createCalculator = () =>
  createServer({ name: "calculator", version: "1.0.0", tools: [add, slowly] });

it("connects a typed client to a server in this process", async () => {
  const client = connect(createCalculator());
  const result = await client.callTool("add", { a: 1, b: 2 });
  expect(result.content).toEqual([{ type: "text", text: "3 for anyone" }]);
  // @ts-expect-error an argument is missing, and the server says so too
  const wrong = await client.callTool("add", { a: 1 });
  expect(wrong.isError).toBe(true);
  await client.close();
});

it("sets the principal of requests", async () => {
  const client = connect(createCalculator(), { principal: { id: "ada" } });
  const result = await client.callTool("add", { a: 1, b: 2 });
  expect(result.content).toEqual([{ type: "text", text: "3 for ada" }]);
});

it("records notifications of requests", async () => {
  const record = recordNotifications();
  const client = connect(createCalculator(), { middleware: [record.middleware] });
  await client.callTool("slowly", {}, { onProgress: () => {} });
  expect(record.notifications.map(({ params }) => params?.progress)).toEqual([1, 2]);
  const first = await record.next("notifications/progress");
  const second = await record.next("notifications/progress");
  expect([first, second]).toEqual(record.notifications);
});

it("waits for the notification of a subscription", async () => {
  const server = createCalculator();
  const record = recordNotifications();
  const client = connect(server, { middleware: [record.middleware] });
  await client.listen({ toolsListChanged: true });
  const changed = record.next("notifications/tools/list_changed");
  server.tools.remove("slowly");
  expect((await changed).method).toBe("notifications/tools/list_changed");
  expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["add"]);
  await client.close();
});

it("expires a cached list without waiting", async () => {
  const clock = createManualClock();
  let lists = 0;
  const server = createServer({
    name: "calculator",
    version: "1.0.0",
    tools: [add],
    cache: { ttlMs: 1000, cacheScope: "public" },
    middleware: [
      (next) => (request, context) => {
        lists += 1;
        return next(request, context);
      },
    ],
  });
  const client = connect(server, { now: clock.now });
  await client.listTools();
  clock.advance(999);
  await client.listTools();
  expect(lists).toBe(1);
  clock.advance(1);
  await client.listTools();
  expect(lists).toBe(2);
});
