import { expect, it } from "vitest";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { createServer as createCompleteServer } from "./create-server.ts";
import { ask } from "./fixtures/ask.ts";
import { inputRequired } from "./results.ts";
import { defineTool, type ToolDefinition } from "./tools.ts";
import { createServer, type ToolServerOptions } from "./tools-only.ts";

const inputSchema = {
  type: "object",
  properties: { a: { type: "number" }, b: { type: "number" } },
  required: ["a", "b"],
} as const;

const add = defineTool({ name: "add", inputSchema, call: ({ a, b }) => String(a + b) });

const options = { name: "test", version: "1.0.0", tools: [add] } as const;

function serverOf(call: ToolDefinition["call"], more: Partial<ToolServerOptions> = {}) {
  return createServer({ ...options, onError: () => {}, ...more, tools: [{ name: "t", call }] });
}

it.each([
  ["server/discover", {}],
  ["tools/list", {}],
  ["tools/call", { name: "add", arguments: { a: 1, b: 2 } }],
  ["tools/call", { name: "add", arguments: { a: "1" } }],
])("answers %s %j as a server of lutra/server does", async (method, params) => {
  const [answer, expected] = [createServer(options), createCompleteServer(options)].map((server) =>
    ask(server, method, params),
  );
  expect(await answer).toEqual(await expected);
});

it("refuses the methods of lists that it does not have", async () => {
  for (const method of ["prompts/list", "resources/list", "completion/complete"]) {
    await expect(ask(createServer(options), method)).rejects.toMatchObject({ code: -32601 });
  }
});

it.each(["prompts", "resources", "resourceTemplates", "extensions"])(
  "refuses the option %s, and names the server that has it",
  (name) => {
    expect(() => createServer({ ...options, [name]: [] })).toThrow(
      `createServer: ${name}: not part of lutra/server/tools; import createServer from lutra/server`,
    );
  },
);

it.each(["elicit", "sample", "roots", "step", "sleep"] as const)(
  "refuses context.%s with a message that names the remedy",
  async (name) => {
    const server = serverOf((_args, context) => typeof context[name], { exposeErrors: true });
    const { content, isError } = await ask(server, "tools/call", { name: "t" });
    expect({ content, isError }).toEqual({
      content: [
        {
          type: "text",
          text: `context.${name}: not part of lutra/server/tools; import createServer from lutra/server`,
        },
      ],
      isError: true,
    });
  },
);

it("refuses a handler that returns input requests", async () => {
  const errors: unknown[] = [];
  const server = serverOf(() => inputRequired({ state: 1 }), { onError: (e) => errors.push(e) });
  expect(await ask(server, "tools/call", { name: "t" })).toMatchObject({ isError: true });
  expect(String(errors[0])).toContain("inputRequired: not part of lutra/server/tools");
});

it("refuses request state, which it never sends", async () => {
  const params = { name: "add", arguments: { a: 1, b: 2 }, requestState: "x" };
  await expect(ask(createServer(options), "tools/call", params)).rejects.toMatchObject({
    code: -32602,
  });
});

it("sends progress until the handler has ended", async () => {
  const late: (() => void | Promise<void>)[] = [];
  const server = serverOf(async (_args, context) => {
    late.push(() => context.progress(2));
    await context.progress(1);
    return "done";
  });
  const notifications: JSONRPCNotification[] = [];
  const meta = { progressToken: "p" };
  await ask(server, "tools/call", { name: "t" }, { notifications, meta });
  for (const send of late) await send();
  expect(notifications.map(({ params }) => params)).toEqual([{ progressToken: "p", progress: 1 }]);
});

it("runs parallel work, and ignores the status of tasks", async () => {
  const server = serverOf(async (_args, { parallel, status, startTask }) => {
    await status("half");
    await startTask();
    const doubled = await parallel([1, 2], { concurrency: 1 }, (item) => item * 2);
    return doubled.join();
  });
  expect(await ask(server, "tools/call", { name: "t" })).toMatchObject({
    content: [{ type: "text", text: "2,4" }],
  });
});

it("changes its tools while it runs", async () => {
  const server = createServer(options);
  server.tools.add(defineTool({ name: "more", call: () => "more" }));
  expect(server.tools.keys()).toEqual(["add", "more"]);
  expect(await ask(server, "tools/call", { name: "more" })).toMatchObject({
    content: [{ text: "more" }],
  });
});
