import { getEventListeners } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../protocol/errors.ts";
import type { RequestContext, Serve } from "../protocol/exchange.ts";
import type { JSONRPCNotification, JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { withBytes } from "../protocol/json-rpc.ts";
import { TransportError } from "../protocol/transport-error.ts";
import type { MemoryTransportOptions } from "./memory.ts";
import { createMemoryTransport } from "./memory.ts";

const complete: Result = { resultType: "complete" };
const request: JSONRPCRequest = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };
const progress = (n: number): JSONRPCNotification => ({
  jsonrpc: "2.0",
  method: "notifications/progress",
  params: { progress: n },
});

function send(
  serve: Serve,
  context: Partial<RequestContext> = {},
  options: MemoryTransportOptions = {},
) {
  const transport = createMemoryTransport({ serve }, options);
  const { signal } = new AbortController();
  return transport.serve(request, { signal, notify: () => {}, ...context });
}

describe("a message is copied through JSON", () => {
  it("isolates the objects of both sides", async () => {
    const result = { ...complete, tools: [] };
    let received: JSONRPCRequest | undefined;
    const got = await send(async (sent) => {
      received = sent;
      return result;
    });
    expect(received).toEqual(request);
    expect(received).not.toBe(request);
    expect(got).toEqual(result);
    expect(got.tools).not.toBe(result.tools);
  });

  it("drops undefined members and turns dates into text", async () => {
    const date = new Date(0);
    const result = await send(async () => ({ ...complete, date, gone: undefined }));
    expect(Object.entries(result)).toEqual([
      ["resultType", "complete"],
      ["date", date.toISOString()],
    ]);
  });

  it("uses the encoded bytes of a result", async () => {
    const result = await send(async () => withBytes({ ...complete, ttlMs: 1 }));
    expect(result).toEqual({ ...complete, ttlMs: 1 });
  });

  it("rejects values that JSON cannot carry", async () => {
    const masked = { reason: "internalError", message: "Internal error", peer: true };
    await expect(send(async () => ({ ...complete, big: 1n }))).rejects.toMatchObject({
      ...masked,
      cause: expect.any(TypeError),
    });
    const error = new ProtocolError("invalidParams", "", { data: 1n });
    await expect(send(() => Promise.reject(error))).rejects.toMatchObject({
      ...masked,
      cause: error,
    });
    const { serve } = createMemoryTransport({ serve: async () => complete });
    const context = { signal: new AbortController().signal, notify: () => {} };
    await expect(serve({ ...request, params: { big: 1n } }, context)).rejects.toThrow(TypeError);
  });
});

describe("errors", () => {
  it("arrive with code and data", async () => {
    const failing: Serve = async () => {
      throw new ProtocolError("invalidParams", "params.name: expected a string", { data: [1] });
    };
    await expect(send(failing)).rejects.toMatchObject({
      reason: "invalidParams",
      code: -32602,
      message: "params.name: expected a string",
      data: [1],
      peer: true,
    });
  });

  it("are masked when they are internal, and keep their cause", async () => {
    const cause = new Error("the password is otter");
    await expect(send(() => Promise.reject(cause))).rejects.toMatchObject({
      message: "Internal error",
      peer: true,
      cause,
    });
  });
});

describe("notifications", () => {
  it("arrive in order and before the result", async () => {
    const heard: unknown[] = [];
    let late: RequestContext | undefined;
    const result = await send(
      async (_request, context) => {
        late = context;
        await context.notify(progress(1));
        void context.notify(progress(2));
        return complete;
      },
      { notify: (notification) => void heard.push(notification.params?.progress) },
    );
    void late?.notify(progress(3));
    expect([...heard, result]).toEqual([1, 2, complete]);
  });

  it("make the server wait for a slow client", async () => {
    const slow = Promise.resolve();
    const notify = vi.fn(() => slow);
    await send(
      async (_request, context) => {
        expect(context.notify(progress(1))).toBe(slow);
        return complete;
      },
      { notify },
    );
    expect(notify).toHaveBeenCalledExactlyOnceWith(progress(1));
  });
});

describe("an abort", () => {
  it("reaches the server and rejects at once, although the server continues", async () => {
    const controller = new AbortController();
    const notify = vi.fn();
    let context: RequestContext | undefined;
    const pending = send(
      (_request, given) => {
        context = given;
        return new Promise(() => {});
      },
      { signal: controller.signal, notify },
    );
    controller.abort();
    await expect(pending).rejects.toMatchObject({ name: "TransportError", reason: "aborted" });
    expect(context?.signal.aborted).toBe(true);
    void context?.notify(progress(1));
    expect(notify).not.toHaveBeenCalled();
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("before the request prevents it from being sent", async () => {
    const serve = vi.fn<Serve>();
    await expect(send(serve, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      reason: "aborted",
    });
    expect(serve).not.toHaveBeenCalled();
  });

  it("during the call of the server is honoured", async () => {
    const controller = new AbortController();
    const timeout = new TransportError("timeout", "too slow");
    const serve: Serve = () => {
      controller.abort(timeout);
      return new Promise(() => {});
    };
    await expect(send(serve, { signal: controller.signal })).rejects.toBe(timeout);
  });
});

it("passes the principal of the context, or the configured one", async () => {
  const principals: unknown[] = [];
  const serve: Serve = async (_request, { principal }) => {
    principals.push(principal);
    return complete;
  };
  await send(serve, { principal: { id: "ada" } });
  await send(serve, { principal: { id: "ada" } }, { principal: { id: "grace" } });
  expect(principals).toEqual([{ id: "ada" }, { id: "grace" }]);
});

it("aborts exchanges in flight when it is closed and rejects new ones", async () => {
  let signal: AbortSignal | undefined;
  const transport = createMemoryTransport({
    serve: (_request, context) => {
      signal = context.signal;
      return new Promise(() => {});
    },
  });
  const context = { signal: new AbortController().signal, notify: () => {} };
  const pending = transport.serve(request, context);
  await transport.close();
  await expect(pending).rejects.toMatchObject({ name: "TransportError", reason: "closed" });
  expect(signal?.aborted).toBe(true);
  await expect(transport.serve(request, context)).rejects.toMatchObject({ reason: "closed" });
  expect(transport.mirrorsHeaders).toBe(false);
});
