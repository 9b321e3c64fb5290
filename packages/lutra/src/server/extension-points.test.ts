/** The promises of docs/extending.md about extensions and middleware, one test for each sentence. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import type { Middleware } from "../protocol/exchange.ts";
import type { JSONRPCNotification } from "../protocol/json-rpc.ts";
import { defineMethod } from "../protocol/method.ts";
import { createServer } from "./create-server.ts";
import { serveMethod } from "./dispatch.ts";
import type { Extension } from "./extension.ts";
import { ask, contextOf, requestOf } from "./fixtures/ask.ts";
import type { ServerOptions } from "./server-options.ts";
import { defineTool, type ToolDefinition } from "./tools.ts";

const a = "com.example/a";
const b = "com.example/b";
const c = "com.example/c";

const tool = (call: ToolDefinition["call"]) => ({ name: "t", call }) as ToolDefinition;
const serverOf = (options: Partial<ServerOptions>) =>
  createServer({ name: "test", version: "1", tools: [tool(() => "plain")], ...options });

const methodNamed = (name: string) =>
  defineMethod({ name, params: (params) => params, result: (result) => result });

describe("registering an extension", () => {
  it("rejects an identifier that is listed twice", () => {
    expect(() => serverOf({ extensions: [{ id: a }, { id: a }] })).toThrow(
      new TypeError(`extension ${a}: listed twice`),
    );
  });

  it("rejects an extension whose requirement is not listed", () => {
    expect(() => serverOf({ extensions: [{ id: a, requires: [b] }] })).toThrow(
      new TypeError(`extension ${a}: requires ${b}; list it before this extension`),
    );
  });

  it("rejects an extension that is listed before its requirement", () => {
    const requiring = { id: a, requires: [b] };
    expect(() => serverOf({ extensions: [requiring, { id: b }] })).toThrow(TypeError);
    expect(() => serverOf({ extensions: [{ id: b }, requiring] })).not.toThrow();
  });

  it("rejects an extension that requires itself", () => {
    expect(() => serverOf({ extensions: [{ id: a, requires: [a] }] })).toThrow(TypeError);
  });

  it("installs no extension when one of the list is rejected", () => {
    const install = vi.fn(() => ({}));
    expect(() =>
      serverOf({
        extensions: [
          { id: a, install },
          { id: b, requires: [c] },
        ],
      }),
    ).toThrow(TypeError);
    expect(install).not.toHaveBeenCalled();
  });

  it("rejects a method that another extension serves", () => {
    const methods = [serveMethod(methodNamed("x/y"), () => ({}))];
    expect(() =>
      serverOf({
        extensions: [
          { id: a, methods },
          { id: b, methods },
        ],
      }),
    ).toThrow(new TypeError("method x/y: served twice"));
  });

  it("rejects a filter member that another extension defines", () => {
    const filters = [{ name: "xs", accept: async () => undefined }];
    expect(() =>
      serverOf({
        extensions: [
          { id: a, filters },
          { id: b, filters },
        ],
      }),
    ).toThrow(new TypeError(`extension ${b}: the filter member xs is defined twice`));
  });
});

describe("installing", () => {
  it("happens once for each server, in the order of the list", () => {
    const order: string[] = [];
    const installing = (id: string): Extension => ({
      id,
      install: ({ info }) => {
        order.push(`${id} in ${info.name}`);
        return {};
      },
    });
    const extensions = [installing(a), installing(b)];
    serverOf({ extensions });
    serverOf({ extensions, name: "second" });
    expect(order).toEqual([`${a} in test`, `${b} in test`, `${a} in second`, `${b} in second`]);
  });

  it("closes the installed extensions, the last one first, when a later one fails", async () => {
    const closed: string[] = [];
    const closing = (id: string): Extension => ({
      id,
      install: () => ({ close: () => void closed.push(id) }),
    });
    const failing: Extension = {
      id: c,
      close: () => void closed.push(c),
      install: () => {
        throw new RangeError("c: no port");
      },
    };
    expect(() => serverOf({ extensions: [closing(a), closing(b), failing] })).toThrow("c: no port");
    await vi.waitUntil(() => closed.length === 2);
    expect(closed).toEqual([b, a]);
  });

  it("closes the installed extensions when their methods clash with the server's", async () => {
    const close = vi.fn();
    const methods = [serveMethod(methodNamed("tools/call"), () => ({}))];
    expect(() => serverOf({ extensions: [{ id: a, close, methods }] })).toThrow("served twice");
    await vi.waitUntil(() => close.mock.calls.length === 1);
  });

  it("reports an extension that fails to close, and throws the error of the installation", async () => {
    const onError = vi.fn();
    const stuck = new Error("stuck");
    const extensions: Extension[] = [
      { id: a, close: () => Promise.reject(stuck) },
      {
        id: b,
        install: () => {
          throw new RangeError("b failed");
        },
      },
    ];
    expect(() => serverOf({ extensions, onError })).toThrow("b failed");
    await vi.waitUntil(() => onError.mock.calls.length > 0);
    expect(onError).toHaveBeenCalledExactlyOnceWith(stuck, "extensions");
  });
});

describe("custom methods", () => {
  it("are served to clients that declared the extension", async () => {
    const methods = [serveMethod(methodNamed("x/y"), ({ n }) => ({ n }))];
    const server = serverOf({ extensions: [{ id: a, methods }] });
    const capabilities = { extensions: { [a]: {} } };
    expect(await ask(server, "x/y", { n: 1 }, { capabilities })).toMatchObject({ n: 1 });
    await expect(ask(server, "x/y", { n: 1 })).rejects.toMatchObject({ code: -32021 });
  });

  it("pass the same middleware as the methods of the core", async () => {
    const seen: string[] = [];
    const middleware: Middleware = (next) => (request, context) => {
      seen.push(request.method);
      return next(request, context);
    };
    const methods = [serveMethod(methodNamed("x/y"), () => ({}))];
    const server = serverOf({ middleware: [middleware], extensions: [{ id: a, methods }] });
    await ask(server, "x/y", {}, { capabilities: { extensions: { [a]: {} } } });
    await ask(server, "tools/list");
    expect(seen).toEqual(["x/y", "tools/list"]);
  });
});

describe("middleware", () => {
  const marking = (name: string, order: string[]): Middleware => {
    return (next) => async (request, context) => {
      order.push(`${name} in`);
      const result = await next(request, {
        ...context,
        notify: (notification) => {
          order.push(`${name} message`);
          return context.notify(notification);
        },
      });
      order.push(`${name} out`);
      return result;
    };
  };

  it("sees requests, streamed messages and results in a fixed order", async () => {
    const order: string[] = [];
    const server = serverOf({
      tools: [
        tool(async (_args, context) => {
          order.push("handler");
          await context.progress(1);
          return "done";
        }),
      ],
      middleware: [marking("first", order), marking("second", order)],
      extensions: [
        {
          id: a,
          middleware: marking("a", order),
          install: () => ({ middleware: marking("a installed", order) }),
        },
        { id: b, middleware: marking("b", order) },
      ],
    });
    await ask(
      server,
      "tools/call",
      { name: "t" },
      { meta: { progressToken: 1 }, notifications: [] },
    );
    const names = ["first", "second", "a", "a installed", "b"];
    const outwards = [...names].reverse();
    expect(order).toEqual([
      ...names.map((name) => `${name} in`),
      "handler",
      ...outwards.map((name) => `${name} message`),
      ...outwards.map((name) => `${name} out`),
    ]);
  });

  const renaming: Middleware = (next) => (request, context) =>
    next(request, {
      ...context,
      notify: (notification) => context.notify({ ...notification, method: "seen" }),
    });

  it("may change the messages of a request", async () => {
    const server = serverOf({
      tools: [tool((_args, context) => void context.progress(1))],
      middleware: [renaming],
    });
    const notifications: JSONRPCNotification[] = [];
    await ask(server, "tools/call", { name: "t" }, { meta: { progressToken: 1 }, notifications });
    expect(notifications).toMatchObject([{ method: "seen", params: { progress: 1 } }]);
  });

  it("sees the messages of a subscription", async () => {
    const server = serverOf({ middleware: [renaming] });
    const notifications: JSONRPCNotification[] = [];
    const listening = ask(
      server,
      "subscriptions/listen",
      { notifications: { toolsListChanged: true } },
      { notifications },
    );
    server.tools.add(defineTool({ name: "u", call: () => "" }));
    await vi.waitUntil(() => notifications.length === 2);
    await server.close();
    await listening;
    expect(notifications.map(({ method }) => method)).toEqual(["seen", "seen"]);
  });

  it("passes on the promise of `notify`, so that a slow client slows the handler", async () => {
    const order: string[] = [];
    const server = serverOf({
      tools: [
        tool(async (_args, context) => {
          await context.progress(1);
          order.push("handler");
        }),
      ],
      middleware: [renaming],
    });
    const request = requestOf("tools/call", { name: "t" }, { meta: { progressToken: 1 } });
    const received = async () => {
      await nextTurn();
      order.push("client");
    };
    await server.serve(request, { ...contextOf(), notify: received });
    expect(order).toEqual(["client", "handler"]);
  });
});

describe("the order of everything else", () => {
  it("`answerToolCall` wraps calls in the order of the list", async () => {
    const order: string[] = [];
    const wrapping = (id: string): Extension => ({
      id,
      answerToolCall: (next) => async (call) => {
        order.push(id);
        return next(call);
      },
    });
    await ask(serverOf({ extensions: [wrapping(a), wrapping(b)] }), "tools/call", { name: "t" });
    expect(order).toEqual([a, b]);
  });

  it("`share` is called in the order of the list, `close` in the reverse order", async () => {
    const order: string[] = [];
    const sharing = (id: string): Extension => ({
      id,
      share: () => void order.push(`share ${id}`),
      close: async () => void order.push(`close ${id}`),
    });
    const server = serverOf({ extensions: [sharing(a), sharing(b)] });
    server.share({ replicas: 1 });
    await server.close();
    expect(order).toEqual([`share ${a}`, `share ${b}`, `close ${b}`, `close ${a}`]);
  });

  it("`close` closes every extension before it rejects with the first error", async () => {
    const close = vi.fn();
    const extensions: Extension[] = [
      { id: a, close },
      { id: b, close: () => Promise.reject(new Error("b stuck")) },
      { id: c, close: () => Promise.reject(new Error("c stuck")) },
    ];
    await expect(serverOf({ extensions }).close()).rejects.toThrow("c stuck");
    expect(close).toHaveBeenCalledOnce();
  });
});

describe("unknown members of `_meta`", () => {
  const unknown = { "com.example/trace": { span: 7 } };

  it("of a request reach middleware and handler", async () => {
    const seen: unknown[] = [];
    const server = serverOf({
      tools: [tool((_args, { meta }) => void seen.push(meta["com.example/trace"]))],
      middleware: [
        (next) => (request, context) => {
          const { _meta = {} } = request.params ?? {};
          seen.push((_meta as Partial<typeof unknown>)["com.example/trace"]);
          return next(request, context);
        },
      ],
    });
    await ask(server, "tools/call", { name: "t" }, { meta: unknown });
    expect(seen).toEqual([{ span: 7 }, { span: 7 }]);
  });

  it("of a result that middleware returns reach the client", async () => {
    const server = serverOf({
      middleware: [
        (next) => async (request, context) => {
          const result = await next(request, context);
          return { ...result, _meta: { ...result._meta, ...unknown } };
        },
      ],
    });
    const result = await ask(server, "tools/call", { name: "t" });
    expect(result._meta).toMatchObject(unknown);
  });

  it("of an extension's result are kept beside the server's own", async () => {
    const methods = [serveMethod(methodNamed("x/y"), () => ({ _meta: unknown }))];
    const server = serverOf({ extensions: [{ id: a, methods }] });
    const result = await ask(server, "x/y", {}, { capabilities: { extensions: { [a]: {} } } });
    expect(result._meta).toMatchObject({
      ...unknown,
      "io.modelcontextprotocol/serverInfo": { name: "test" },
    });
  });

  it("of a notification that an extension's middleware sends reach the client", async () => {
    const notification = {
      jsonrpc: "2.0",
      method: "notifications/x",
      params: { _meta: unknown },
    } as const;
    const server = serverOf({
      extensions: [
        {
          id: a,
          middleware: (next) => async (request, context) => {
            await context.notify(notification);
            return next(request, context);
          },
        },
      ],
    });
    const notifications: JSONRPCNotification[] = [];
    await ask(server, "tools/list", {}, { notifications });
    expect(notifications).toEqual([notification]);
  });
});
