import { once } from "node:events";
import { PassThrough } from "node:stream";
import { describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../../protocol/errors.ts";
import type { RequestContext, Serve } from "../../protocol/exchange.ts";
import type { JSONObject } from "../../protocol/json.ts";
import type { JSONRPCRequest, Result } from "../../protocol/json-rpc.ts";
import { withSubscriptionId } from "../../protocol/subscriptions.ts";
import { createLineReader } from "./lines.ts";
import type { StdioServerOptions } from "./options.ts";
import { serveStdio } from "./server.ts";

const complete: Result = { resultType: "complete" };
const echo: Serve = async ({ method }) => ({ ...complete, method });

interface Call {
  readonly request: JSONRPCRequest;
  readonly context: RequestContext;
  readonly resolve: (result: Result) => void;
  readonly reject: (reason: unknown) => void;
}

/** Creates a server whose requests the test answers. */
function byHand() {
  const calls: Call[] = [];
  const serve: Serve = (request, context) =>
    new Promise((resolve, reject) => calls.push({ request, context, resolve, reject }));
  return { calls, serve };
}

/** Serves over streams in memory. `messages` has the messages that the client has received. */
function start(serve: Serve, options: StdioServerOptions & { close?: () => Promise<void> } = {}) {
  const input = new PassThrough();
  const output = new PassThrough();
  const messages: JSONObject[] = [];
  const decoder = new TextDecoder();
  const reader = createLineReader({
    onLine: (line) => messages.push(JSON.parse(decoder.decode(line))),
    onTooLong: () => {},
  });
  output.on("data", reader.push);
  const { close = async () => {}, ...rest } = options;
  const handle = serveStdio({ serve, close }, { input, output, graceMs: 50, ...rest });
  const send = (...lines: unknown[]) => {
    const texts = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
    input.write(`${texts.join("\n")}\n`);
  };
  return { input, output, messages, handle, send, received: () => settled(messages) };
}

/** Returns `value` after all streams and promises have settled. */
async function settled<T>(value: T): Promise<T> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  return value;
}

const request = (id: unknown, method = "tools/list", params: JSONObject = {}) => ({
  jsonrpc: "2.0",
  id,
  method,
  params,
});
const cancelled = (requestId: unknown, reason?: string) => ({
  jsonrpc: "2.0",
  method: "notifications/cancelled",
  params: { requestId, reason },
});
const progress = { jsonrpc: "2.0", method: "notifications/progress", params: {} } as const;

describe("a stdio server", () => {
  it("answers each request with its id", async () => {
    const { send, received } = start(echo);
    send(request(1, "server/discover"), request("a", "tools/list"));
    expect(await received()).toEqual([
      { jsonrpc: "2.0", id: 1, result: { ...complete, method: "server/discover" } },
      { jsonrpc: "2.0", id: "a", result: { ...complete, method: "tools/list" } },
    ]);
  });

  it("passes the principal of its options to all requests", async () => {
    const principal = { id: "ana" };
    const { calls, serve } = byHand();
    const { send, received } = start(serve, { principal });
    send(request(1), request(2));
    await received();
    expect(calls.map(({ context }) => context.principal)).toEqual([principal, principal]);
  });

  it("answers requests in the order in which they end", async () => {
    const { calls, serve } = byHand();
    const { send, received } = start(serve);
    send(request(1), request(2));
    await received();
    calls[1]?.resolve(complete);
    calls[0]?.resolve(complete);
    expect((await received()).map(({ id }) => id)).toEqual([2, 1]);
  });

  it("sends notifications of a request before its result, and none after it", async () => {
    const { calls, serve } = byHand();
    const { send, received, messages } = start(serve);
    send(request(1));
    await received();
    void calls[0]?.context.notify(progress);
    calls[0]?.resolve(complete);
    await expect.poll(() => messages).toHaveLength(2);
    expect(messages).toEqual([progress, { jsonrpc: "2.0", id: 1, result: complete }]);
    void calls[0]?.context.notify(progress);
    expect(await received()).toHaveLength(2);
  });

  it("refuses an id that is in flight, and still answers the request that has it", async () => {
    const { calls, serve } = byHand();
    const { send, received } = start(serve);
    send(request(1), request("1"), request(1));
    expect(await received()).toMatchObject([{ id: 1, error: { code: -32600 } }]);
    expect(calls).toHaveLength(2);
    calls[0]?.resolve(complete);
    expect((await received())[1]).toEqual({ jsonrpc: "2.0", id: 1, result: complete });
  });

  it("accepts an id again once its request has been answered", async () => {
    const { send, received } = start(echo);
    send(request(1));
    await received();
    send(request(1));
    expect(await received()).toMatchObject([
      { id: 1, result: {} },
      { id: 1, result: {} },
    ]);
  });
});

describe("a stdio server, for invalid messages,", () => {
  it.each([
    ["text that is not JSON", "{", -32700],
    ["text that is not UTF-8", Buffer.from([0x22, 0xff, 0x22, 0x0a]), -32700],
    ["a batch", [request(1)], -32600],
    ["a primitive", "7", -32600],
    ["an id of null", request(null), -32600],
    ["a fractional id", request(1.5), -32600],
    ["an object without a method", { jsonrpc: "2.0" }, -32600],
  ])("refuses %s without an id", async (_what, message, code) => {
    const { input, send, received } = start(echo);
    if (Buffer.isBuffer(message)) input.write(message);
    else send(message);
    send(request(2));
    const [refusal, next] = await received();
    expect(refusal).toMatchObject({ jsonrpc: "2.0", error: { code } });
    expect(refusal).not.toHaveProperty("id");
    expect(next).toMatchObject({ id: 2, result: {} });
  });

  it.each([
    ["another version of JSON-RPC", { ...request(3), jsonrpc: "1.0" }],
    ["parameters by position", { ...request(3), params: [] }],
    ["a method that is not a string", { ...request(3), method: 7 }],
  ])("refuses %s with its id", async (_what, message) => {
    const { send, received } = start(echo);
    send(message);
    expect(await received()).toMatchObject([{ id: 3, error: { code: -32600 } }]);
  });

  it("refuses messages that are too deep or have too many values, and reads the next one", async () => {
    const { send, received } = start(echo, { maxLineValues: 1000 });
    const deep = JSON.parse("[".repeat(200) + "]".repeat(200));
    send(request(1, "a", { deep }), request(2, "b", { many: Array(1000).fill(0) }), request(3));
    expect(await received()).toMatchObject([
      { id: 1, error: { code: -32602, message: "message: expected at most 128 levels of JSON" } },
      { id: 2, error: { code: -32602, message: "message: expected at most 1000 keys and values" } },
      { id: 3, result: {} },
    ]);
  });

  it("refuses a message that is too long, and reads the next one", async () => {
    const { send, received } = start(echo, { maxLineBytes: 100 });
    send(request(1, "x".repeat(200)), request(2));
    expect(await received()).toMatchObject([{ error: { code: -32700 } }, { id: 2, result: {} }]);
  });

  it.each([
    ["a result response", { jsonrpc: "2.0", id: 1, result: {} }],
    ["an error response", { jsonrpc: "2.0", id: 1, error: { code: 1, message: "" } }],
    ["a notification", { jsonrpc: "2.0", method: "notifications/unknown" }],
    ["a malformed notification", { jsonrpc: "2.0", method: "notifications/unknown", params: [] }],
  ])("does not answer %s", async (_what, message) => {
    const { calls, serve } = byHand();
    const { send, received } = start(serve);
    send(request(1), message);
    expect(await received()).toEqual([]);
    calls[0]?.resolve(complete);
    expect(await received()).toMatchObject([{ id: 1, result: {} }]);
  });
});

describe("cancellation on a stdio server", () => {
  it("aborts the request and sends nothing more for it", async () => {
    const { calls, serve } = byHand();
    const { send, received } = start(serve);
    send(request(1), request(2), cancelled(1, "the user gave up"));
    await received();
    const [first, second] = calls;
    expect(first?.context.signal.reason).toMatchObject({
      reason: "aborted",
      message: "The client cancelled the request: the user gave up",
    });
    expect(second?.context.signal.aborted).toBe(false);
    void first?.context.notify(progress);
    first?.resolve(complete);
    second?.resolve(complete);
    expect(await received()).toEqual([{ jsonrpc: "2.0", id: 2, result: complete }]);
  });

  it("sends no error for a cancelled request that fails", async () => {
    const { calls, serve } = byHand();
    const { send, received } = start(serve);
    send(request(1), cancelled(1));
    await received();
    calls[0]?.reject(new Error("aborted"));
    expect(await received()).toEqual([]);
  });

  it("sends no notification when the client cancels a subscription", async () => {
    const { calls, serve } = byHand();
    const { send, received } = start(serve);
    send(request(1));
    await received();
    void calls[0]?.context.notify({ ...progress, params: withSubscriptionId({}, 1) });
    send(cancelled(1));
    expect(await received()).toHaveLength(1);
  });

  it.each([
    ["of an unknown request", cancelled(7)],
    ["of a completed request", cancelled(1)],
    ["without an id", cancelled(undefined)],
    ["with an invalid id", cancelled({})],
    ["without parameters", { jsonrpc: "2.0", method: "notifications/cancelled" }],
    ["with malformed parameters", { ...cancelled(7), params: 7 }],
  ])("ignores a cancellation %s", async (_what, notification) => {
    const { send, received } = start(echo);
    send(request(1));
    await received();
    send(notification, request(2));
    expect((await received()).map(({ id }) => id)).toEqual([1, 2]);
  });

  it.each([
    ["a moment before", 0],
    ["a moment after", 1],
  ])("handles a cancellation that arrives %s the response", async (_when, responses) => {
    const { calls, serve } = byHand();
    const { send, received } = start(serve);
    send(request(1));
    await received();
    calls[0]?.resolve(complete);
    if (responses === 1) await settled(undefined);
    send(cancelled(1), request(1));
    expect(await received()).toHaveLength(responses);
    expect(calls[1]?.context.signal.aborted).toBe(false);
  });
});

describe("errors of a stdio server", () => {
  it("sends protocol errors to the client, and masks all other errors", async () => {
    const onError = vi.fn();
    const fail: Serve = async ({ method }) => {
      if (method === "secret") throw new Error("the password is otter");
      throw new ProtocolError("invalidParams", "params.name: expected a string", { data: 7 });
    };
    const { send, received } = start(fail, { onError });
    send(request(1), request(2, "secret"));
    const message = "params.name: expected a string";
    expect(await received()).toEqual([
      { jsonrpc: "2.0", id: 1, error: { code: -32602, message, data: 7 } },
      { jsonrpc: "2.0", id: 2, error: { code: -32603, message: "Internal error" } },
    ]);
    expect(onError).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ message: "the password is otter" }),
    );
  });

  it("answers though onError throws", async () => {
    const print = vi.spyOn(console, "error").mockReturnValue();
    const fail: Serve = () => Promise.reject(new Error("no"));
    const { send, received } = start(fail, {
      onError: () => {
        throw new Error("no log");
      },
    });
    send(request(1));
    expect(await received()).toMatchObject([{ id: 1, error: { code: -32603 } }]);
    expect(print).toHaveBeenCalledOnce();
    print.mockRestore();
  });

  it("answers with an internal error for a result or an error that is not JSON", async () => {
    const onError = vi.fn();
    const serve: Serve = async ({ method }) => {
      if (method === "result") return { ...complete, big: 1n };
      throw new ProtocolError("invalidParams", "", { data: 1n });
    };
    const { send, received } = start(serve, { onError });
    send(request(1, "result"), request(2, "error"));
    const error = { code: -32603, message: "Internal error" };
    expect(await received()).toMatchObject([
      { id: 1, error },
      { id: 2, error },
    ]);
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.any(TypeError));
  });

  it.each([{ maxInFlight: 0 }, { maxLineBytes: 0 }, { graceMs: -1 }])("refuses %o", (options) => {
    expect(() => start(echo, options)).toThrow(TypeError);
  });
});

describe("limits of a stdio server", () => {
  it("queues requests above maxInFlight, and does not start those that are cancelled", async () => {
    const { calls, serve } = byHand();
    const { send, received } = start(serve, { maxInFlight: 2 });
    send(request(1), request(2), request(3), request(4), cancelled(3));
    await received();
    expect(calls.map(({ request: { id } }) => id)).toEqual([1, 2]);
    calls[0]?.resolve(complete);
    await received();
    expect(calls.map(({ request: { id } }) => id)).toEqual([1, 2, 4]);
  });

  it("gives the slot of a cancelled request to the next one", async () => {
    const { calls, serve } = byHand();
    const { send, received } = start(serve, { maxInFlight: 1 });
    send(request(1), request(2), cancelled(1));
    await received();
    expect(calls.map(({ request: { id } }) => id)).toEqual([1, 2]);
  });

  it("pauses reading while too many requests wait", async () => {
    const { calls, serve } = byHand();
    const { input, send, received } = start(serve, { maxInFlight: 1 });
    send(request(1), request(2));
    await received();
    expect(input.isPaused()).toBe(true);
    calls[0]?.resolve(complete);
    await received();
    expect(input.isPaused()).toBe(false);
  });

  it("pauses reading while the client does not read", async () => {
    const { input, output, send, received } = start(echo);
    output.pause();
    send(request(1, "x".repeat(100_000)));
    await settled(undefined);
    send(request(2));
    await settled(undefined);
    expect(input.isPaused()).toBe(true);
    output.resume();
    expect(await received()).toHaveLength(2);
    expect(input.isPaused()).toBe(false);
  });

  it("delays notifications while the client does not read", async () => {
    const { calls, serve } = byHand();
    const { output, send } = start(serve);
    output.pause();
    send(request(1));
    await settled(undefined);
    void calls[0]?.context.notify({ ...progress, params: { text: "x".repeat(100_000) } });
    await settled(undefined);
    const waiting = calls[0]?.context.notify(progress);
    expect(waiting).toBeInstanceOf(Promise);
    output.resume();
    await waiting;
  });

  it("closes when the output for a client that does not read exceeds the limit", async () => {
    const onError = vi.fn();
    const { output, send, handle } = start(echo, { maxBufferedBytes: 1000, onError });
    output.pause();
    for (let id = 0; id < 20; id += 1) send(request(id, "x".repeat(10_000)));
    await handle.closed;
    expect(onError).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ reason: "closed" }));
  });
});

describe("shutdown of a stdio server", () => {
  /** Returns a server that ends its subscription when it is closed, as `createServer` does. */
  function subscribable() {
    let end = (): void => {};
    const serve: Serve = ({ id, method }, { notify, signal }) => {
      if (method !== "subscriptions/listen") return new Promise(() => {});
      void notify({ ...progress, params: withSubscriptionId({}, id) });
      return new Promise((resolve, reject) => {
        end = () => resolve(withSubscriptionId(complete, id));
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    };
    return { serve, close: vi.fn(async () => end()) };
  }

  it("ends when the input does: aborts requests and ends subscriptions gracefully", async () => {
    const { serve, close } = subscribable();
    const { input, output, send, received, handle } = start(serve, { close });
    send(request(1, "subscriptions/listen"), request(2));
    await received();
    input.end();
    await handle.closed;
    expect(close).toHaveBeenCalledOnce();
    expect((await received()).slice(1)).toEqual([
      { jsonrpc: "2.0", id: 1, result: withSubscriptionId(complete, 1) },
      {
        jsonrpc: "2.0",
        method: "notifications/cancelled",
        params: withSubscriptionId(
          { requestId: 1, reason: "The server ended the subscription" },
          1,
        ),
      },
    ]);
    expect(output.writableEnded).toBe(true);
    expect(input.listenerCount("data")).toBe(0);
  });

  it("sends notifications/cancelled also when a subscription fails", async () => {
    const { calls, serve } = byHand();
    const { send, received } = start(serve);
    send(request(1));
    await received();
    void calls[0]?.context.notify({ ...progress, params: withSubscriptionId({}, 1) });
    calls[0]?.reject(new ProtocolError("internalError", "Internal error"));
    expect((await received()).slice(1)).toMatchObject([
      { id: 1, error: { code: -32603 } },
      { method: "notifications/cancelled", params: { requestId: 1 } },
    ]);
  });

  it("waits at most graceMs for handlers and for the close of the server", async () => {
    const { calls, serve } = byHand();
    const close = () => new Promise<void>(() => {});
    const { input, send, received, handle } = start(serve, { close, maxInFlight: 1 });
    send(request(1), request(2));
    await received();
    await handle.close();
    expect(calls[0]?.context.signal.aborted).toBe(true);
    expect(input.isPaused()).toBe(true);
    calls[0]?.resolve(complete);
    send(request(3));
    expect(await received()).toEqual([]);
    expect(calls).toHaveLength(1);
  });

  it("reports a server that fails to close, and closes", async () => {
    const onError = vi.fn();
    const failure = new Error("the database is gone");
    const close = () => Promise.reject(failure);
    const { handle } = start(echo, { close, onError });
    await Promise.all([handle.close(), handle.close()]);
    expect(onError).toHaveBeenCalledExactlyOnceWith(failure);
  });

  it.each([
    ["input", new Error("EIO")],
    ["output", new Error("EPIPE")],
  ] as const)("closes the server when the %s breaks", async (side, error) => {
    const close = vi.fn(async () => {});
    const { handle, ...streams } = start(echo, { close });
    await settled(undefined);
    expect(close).not.toHaveBeenCalled();
    streams[side].destroy(error);
    await handle.closed;
    expect(close).toHaveBeenCalledOnce();
  });

  it("writes all output before it closes", async () => {
    const { input, output, messages, send, handle } = start(echo, { graceMs: 10_000 });
    output.pause();
    const method = "x".repeat(100_000);
    send(request(1, method));
    await settled(undefined);
    input.end();
    const ended = once(output, "end");
    output.resume();
    await handle.closed;
    await ended;
    expect(messages).toEqual([{ jsonrpc: "2.0", id: 1, result: { ...complete, method } }]);
  });
});

it("writes a result apart from the progress before it, which some clients lose otherwise", async () => {
  const { output, send, messages } = start(async (_request, { notify }) => {
    const params = { progressToken: 1, progress: 1 };
    await notify({ jsonrpc: "2.0", method: "notifications/progress", params });
    return complete;
  });
  const chunks: string[] = [];
  output.on("data", (chunk) => chunks.push(String(chunk)));
  send(request(1));
  await expect.poll(() => messages.length).toBe(2);
  expect(chunks).toHaveLength(2);
  expect(chunks[0]).toContain("notifications/progress");
  expect(chunks[1]).toContain("result");
});
