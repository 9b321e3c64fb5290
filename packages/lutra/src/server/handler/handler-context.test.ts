import { describe, expect, it } from "vitest";
import type { JSONObject } from "../../protocol/json.ts";
import type { JSONRPCNotification } from "../../protocol/json-rpc.ts";
import { createServer } from "../create-server.ts";
import { type AskOptions, ask, contextOf, requestOf } from "../fixtures/ask.ts";
import { defineTool } from "../tools.ts";
import type { HandlerContext } from "./handler-context.ts";

const logLevel = "io.modelcontextprotocol/logLevel";

/** Returns the notifications that a handler sends before its result. */
async function sent(
  handler: (context: HandlerContext) => unknown,
  meta: JSONObject,
  options: AskOptions & { readonly logging?: boolean } = {},
): Promise<JSONRPCNotification[]> {
  const { logging = true, ...asked } = options;
  const notifications: JSONRPCNotification[] = [];
  const call = async (_args: unknown, context: HandlerContext) => {
    await handler(context);
    return "";
  };
  const tools = [defineTool({ name: "t", call })];
  const server = createServer({ name: "test", version: "1", tools, logging });
  await ask(server, "tools/call", { name: "t" }, { meta, notifications, ...asked });
  return notifications;
}

const values = (notifications: JSONRPCNotification[]) =>
  notifications.map(({ params }) => params?.progress);

describe("basic/patterns/progress", () => {
  it.each([["abc"], [""], [7], [0]])("carries the original token: %j", async (progressToken) => {
    const report = { progress: 0.2, total: 1, message: "Reticulating splines" };
    expect(await sent((context) => context.progress(report), { progressToken })).toEqual([
      { jsonrpc: "2.0", method: "notifications/progress", params: { progressToken, ...report } },
    ]);
  });

  it("MUST only reference tokens that were provided in the request", async () => {
    expect(await sent((context) => context.progress(1), {})).toEqual([]);
  });

  it.each<[string, readonly number[], readonly number[]]>([
    ["increasing values", [0, 0.5, 1, 100], [0, 0.5, 1, 100]],
    ["repeated values", [1, 1, 2, 2], [1, 2]],
    ["falling values", [3, 2, 1, 4], [3, 4]],
    ["negative values", [-2, -1, -3], [-2, -1]],
    ["no numbers", [Number.NaN, 1, Number.NaN], [1]],
    ["numbers without bound", [Number.NEGATIVE_INFINITY, 1, Number.POSITIVE_INFINITY, 2], [1, 2]],
  ])(
    "the progress value MUST increase with each notification: %s",
    async (_what, given, expected) => {
      const report = (context: HandlerContext) => {
        for (const value of given) context.progress(value);
      };
      expect(values(await sent(report, { progressToken: 1 }))).toEqual(expected);
    },
  );

  it("MUST only reference the token of the request, whatever the handler passes", async () => {
    const report = { progress: 1, progressToken: "other" };
    const notifications = await sent((context) => context.progress(report), { progressToken: 7 });
    expect(notifications).toMatchObject([{ params: { progress: 1, progressToken: 7 } }]);
  });

  it.each([
    ["text as progress", { progress: "1" as never }, []],
    ["a total that JSON can't carry", { progress: 1, total: Number.NaN }, [{ progress: 1 }]],
    ["a message that is no text", { progress: 1, message: 5 as never }, [{ progress: 1 }]],
  ])("sends no members that the schema refuses: %s", async (_what, report, expected) => {
    const notifications = await sent((context) => context.progress(report), { progressToken: 7 });
    const params = expected.map((one) => ({ ...one, progressToken: 7 }));
    expect(notifications.map((one) => one.params)).toEqual(params);
  });

  it("progress notifications MUST stop after completion", async () => {
    let late: HandlerContext | undefined;
    const keep = (context: HandlerContext) => {
      late = context;
    };
    const meta = { progressToken: 1, [logLevel]: "debug" };
    const notifications = await sent(keep, meta);
    expect(late?.progress(1)).toBeUndefined();
    expect(late?.log("emergency", "late")).toBeUndefined();
    expect(notifications).toEqual([]);
  });

  it("stop after a failure, too", async () => {
    let late: HandlerContext | undefined;
    const notifications: JSONRPCNotification[] = [];
    const fail = (context: HandlerContext) => {
      late = context;
      throw new Error("x");
    };
    const tools = [defineTool({ name: "t", call: (_args, context) => fail(context) })];
    const server = createServer({ name: "test", version: "1", tools, onError: () => {} });
    const options = { meta: { progressToken: 1 }, notifications };
    expect(await ask(server, "tools/call", { name: "t" }, options)).toMatchObject({
      isError: true,
    });
    late?.progress(1);
    expect(notifications).toEqual([]);
  });

  it("resolves when the transport can take more", async () => {
    let resolve = () => {};
    const ready = new Promise<void>((done) => (resolve = done));
    const tools = [
      defineTool({
        name: "t",
        call: async (_args, context) => {
          await context.progress(1);
          return "after";
        },
      }),
    ];
    const server = createServer({ name: "test", version: "1", tools });
    const order: string[] = [];
    const request = requestOf("tools/call", { name: "t" }, { meta: { progressToken: 1 } });
    const answer = server
      .serve(request, { ...contextOf(), notify: () => ready })
      .then(() => order.push("answered"));
    await Promise.resolve();
    order.push("ready");
    resolve();
    await answer;
    expect(order).toEqual(["ready", "answered"]);
  });
});

describe("server/utilities/logging#per-request-log-level", () => {
  const all = (context: HandlerContext) => {
    for (const level of ["debug", "info", "warning", "emergency"] as const) {
      context.log(level, { level }, "db");
    }
  };

  it("MUST NOT emit notifications/message for a request that does not ask for it", async () => {
    expect(await sent(all, {})).toEqual([]);
  });

  it.each([
    ["debug", ["debug", "info", "warning", "emergency"]],
    ["info", ["info", "warning", "emergency"]],
    ["error", ["emergency"]],
    ["emergency", ["emergency"]],
  ])("sends messages at or above %s", async (level, expected) => {
    const notifications = await sent(all, { [logLevel]: level });
    expect(notifications).toEqual(
      expected.map((one) => ({
        jsonrpc: "2.0",
        method: "notifications/message",
        params: { level: one, data: { level: one }, logger: "db" },
      })),
    );
  });

  it("sends nothing where the server does not declare logging", async () => {
    expect(await sent(all, { [logLevel]: "debug" }, { logging: false })).toEqual([]);
  });

  it.each([
    ["nothing", undefined],
    ["a function", () => {}],
    ["a symbol", Symbol("s")],
  ])("data is there even when it is %s", async (_what, data) => {
    const [message] = await sent((context) => context.log("info", data), { [logLevel]: "info" });
    expect(JSON.parse(JSON.stringify(message?.params))).toEqual({ level: "info", data: null });
  });

  it("a logger that is no text is left out", async () => {
    const report = (context: HandlerContext) => context.log("info", "x", 5 as never);
    const [message] = await sent(report, { [logLevel]: "info" });
    expect(message?.params).toEqual({ level: "info", data: "x" });
  });

  it("a level that does not exist is not sent", async () => {
    const log = (context: HandlerContext) => context.log("loud" as never, "x");
    expect(await sent(log, { [logLevel]: "debug" })).toEqual([]);
  });
});

describe("the context of a handler", () => {
  it("has the request's _meta as it was sent", async () => {
    let seen: unknown;
    const meta = { traceparent: "00-0af7-b7ad-01", "com.example/x": null };
    await sent((context) => {
      seen = context.meta;
    }, meta);
    expect(seen).toMatchObject(meta);
  });

  it("has the signal and the principal of the request", async () => {
    let seen: HandlerContext | undefined;
    const signal = new AbortController().signal;
    const principal = { id: "user", scopes: ["read"] };
    await sent(
      (context) => {
        seen = context;
      },
      {},
      { signal, principal },
    );
    expect(seen?.signal).toBe(signal);
    expect(seen?.principal).toBe(principal);
    expect(seen?.clientInfo).toBeUndefined();
  });
});

it("may be destructured by a handler", async () => {
  const notifications = await sent(
    async ({ progress, log, step, sleep, parallel, status, startTask }) => {
      await progress(1);
      await log("info", "x");
      await step("a", () => 1);
      await sleep("b", 0);
      await parallel([1], { concurrency: 1 }, () => 1);
      await status("c");
      await startTask();
    },
    { progressToken: 7, [logLevel]: "info" },
  );
  expect(notifications.map(({ method }) => method)).toEqual([
    "notifications/progress",
    "notifications/message",
  ]);
});

it("may be destructured by a handler that asks", async () => {
  const call = async (_args: unknown, { elicit }: HandlerContext) => {
    const requestedSchema = { type: "object", properties: { a: { type: "string" } } } as const;
    await elicit("q", { message: "?", requestedSchema });
    return "";
  };
  const server = createServer({
    name: "test",
    version: "1",
    tools: [defineTool({ name: "t", call })],
  });
  const capabilities = { elicitation: { form: {} } };
  const asked = await ask(server, "tools/call", { name: "t" }, { capabilities });
  expect(asked).toMatchObject({ resultType: "input_required" });
});

it("says what elicit expects when the name is missing", async () => {
  const thrown: unknown[] = [];
  const handler = ({ elicit }: HandlerContext) => {
    try {
      void elicit({ message: "?" } as never, undefined as never);
    } catch (error) {
      thrown.push(error);
    }
  };
  await sent(handler, {});
  expect(thrown).toMatchObject([
    { message: expect.stringContaining("expected a name and a question") },
  ]);
});
