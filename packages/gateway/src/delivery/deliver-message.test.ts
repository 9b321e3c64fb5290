import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { createNodeHandler } from "lutra/node";
import {
  type JSONRPCNotification,
  type JSONRPCRequest,
  metaKeys,
  ProtocolError,
  type RequestContext,
  type Serve,
} from "lutra/protocol";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { recordIn } from "../exchange-record.ts";
import { headOf, modern } from "../fixtures/head-of.ts";
import { createManualTime } from "../replicas/fixtures/manual-time.ts";
import {
  createHttpUpstream,
  type HttpUpstream,
  type HttpUpstreamOptions,
} from "../upstreams/http-upstream.ts";
import { Delivery } from "./delivery.ts";
import {
  after,
  answer,
  breakOff,
  createRecord,
  deadUrl,
  silentUrl,
  startReplica,
  upstreamConfig,
} from "./fixtures/front.ts";

function start(
  urls: readonly string[],
  settings = {},
  options: HttpUpstreamOptions = {},
): HttpUpstream {
  const upstream = createHttpUpstream("test", upstreamConfig(urls, settings), options);
  after(() => upstream.close(0));
  return upstream;
}

function message(method: string, name?: string): JSONRPCRequest {
  const _meta = { [metaKeys.protocolVersion]: "2026-07-28", [metaKeys.clientCapabilities]: {} };
  return { jsonrpc: "2.0", id: 7, method, params: { _meta, ...(name && { name }) } };
}

function contextFor(extra: Partial<RequestContext> = {}) {
  const context = { signal: new AbortController().signal, notify: () => {}, ...extra };
  const record = createRecord(headOf(...modern("tools/call", "x")));
  recordIn(context, record);
  return { context, record };
}

const done = '{"jsonrpc":"2.0","id":7,"result":{"resultType":"complete"}}';
const list = message("tools/list");
const call = message("tools/call", "pay");

/** Starts a replica that answers with a `Serve`. */
const startServer = (serve: Serve) => {
  const handle = createNodeHandler({ serve }, { onError: () => {} });
  return startReplica((req, res) => void handle(req, res));
};

describe("a parsed request", () => {
  it("is sent to a replica with headers created from the message", async () => {
    let headers: NodeJS.Dict<string | string[]> = {};
    const replica = await startReplica((req, res) => {
      headers = req.headers;
      answer(done)(req, res);
    });
    const { context } = contextFor();
    const head = headOf(...modern("tools/call", "x", "Authorization", "Bearer a"));
    const record = createRecord(head);
    recordIn(context, record);
    expect(await start([replica.url]).serve(call, context)).toEqual({ resultType: "complete" });
    expect(headers).toMatchObject({
      "mcp-method": "tools/call",
      "mcp-name": "pay",
      "mcp-protocol-version": "2026-07-28",
      authorization: "Bearer a",
    });
    expect(record).toMatchObject({ upstream: "test", replica: "1", attempts: 1 });
    expect(record.upstreamMs).toBeGreaterThan(0);
  });

  it("asks for an uncompressed response", async () => {
    const replica = await startReplica(({ headers }, res) => {
      const isPlain = headers["accept-encoding"] === "identity";
      const encoding = isPlain ? {} : { "content-encoding": "gzip" };
      res.writeHead(200, { "content-type": "application/json", ...encoding });
      res.end(isPlain ? done : gzipSync(done));
    });
    const served = start([replica.url]).serve(list, contextFor().context);
    expect(await served).toEqual({ resultType: "complete" });
  });

  it("receives its notifications", async () => {
    const received: JSONRPCNotification[] = [];
    const replica = await startServer(async (_request, { notify }) => {
      await notify({ jsonrpc: "2.0", method: "notifications/progress", params: { progress: 1 } });
      return { resultType: "complete" };
    });
    const { context } = contextFor({ notify: (notification) => void received.push(notification) });
    await start([replica.url]).serve(call, context);
    expect(received).toMatchObject([{ params: { progress: 1 } }]);
  });

  it("rejects with the upstream's error unchanged", async () => {
    const replica = await startServer(async () => {
      throw new ProtocolError("invalidParams", "params.name: unknown tool", { data: { a: 1 } });
    });
    const answered = start([replica.url]).serve(call, contextFor().context);
    await expect(answered).rejects.toMatchObject({
      peer: true,
      code: -32602,
      message: "params.name: unknown tool",
      data: { a: 1 },
    });
  });

  it("is balanced over the replicas", async () => {
    const replicas = await Promise.all([1, 2, 3].map(() => startReplica(answer(done))));
    const upstream = start(replicas.map(({ url }) => url));
    expect(await upstream.ready(5000)).toBe(true);
    await expect
      .poll(() => upstream.status().replicas.map(({ state }) => state))
      .toEqual(["up", "up", "up"]);
    for (let turn = 0; turn < 6; turn += 1) await upstream.serve(call, contextFor().context);
    expect(replicas.map(({ count }) => count())).toEqual([2, 2, 2]);
  });
});

describe("a failed delivery of a message", () => {
  it("retries any request at another replica when the connection is refused", async () => {
    const replica = await startReplica(answer(done));
    const upstream = start([await deadUrl(), replica.url]);
    for (let turn = 0; turn < 4; turn += 1) await upstream.serve(call, contextFor().context);
    expect(replica.count()).toBe(4);
  });

  it("rejects with 504 when no replica accepts a connection in time", async () => {
    const urls = [await silentUrl(), await silentUrl()];
    const { context, record } = contextFor();
    const upstream = start(urls, { timeouts: { connectMs: 50 } });
    await expect(upstream.serve(call, context)).rejects.toMatchObject({
      kind: "timeout",
      code: -32603,
      status: 504,
      message: "The upstream did not answer in time (connect)",
      data: { upstream: "test" },
    });
    expect(record).toMatchObject({ reason: "connect-timeout", attempts: 2 });
  });

  it("rejects with 502 when all replicas refuse the connection", async () => {
    const { context, record } = contextFor();
    const answered = start([await deadUrl(), await deadUrl()]).serve(call, context);
    await expect(answered).rejects.toMatchObject({ kind: "unreachable", status: 502 });
    expect(record).toMatchObject({ reason: "unreachable", attempts: 2 });
  });

  it("retries safe methods at another replica when the connection breaks", async () => {
    const [broken, replica] = [await startReplica(breakOff), await startReplica(answer(done))];
    const upstream = start([broken.url, replica.url]);
    for (let turn = 0; turn < 2; turn += 1) {
      expect(await upstream.serve(list, contextFor().context)).toBeDefined();
    }
    expect(broken.count()).toBeGreaterThan(0);
  });

  it("never repeats a call that may have been executed", async () => {
    const replicas = [await startReplica(breakOff), await startReplica(breakOff)];
    const { context, record } = contextFor();
    const upstream = start(replicas.map(({ url }) => url));
    await expect(upstream.serve(call, context)).rejects.toMatchObject({
      name: "UpstreamError",
      code: -32603,
      status: 502,
      data: { upstream: "test" },
    });
    expect(replicas.reduce((sum, { count }) => sum + count(), 0)).toBe(1);
    expect(record).toMatchObject({ reason: "broken", attempts: 1 });
  });

  it("never repeats a request whose answer has begun", async () => {
    const replica = await startServer(async (_request, { notify }) => {
      await notify({ jsonrpc: "2.0", method: "notifications/progress", params: { progress: 1 } });
      return new Promise(() => {});
    });
    const other = await startReplica(answer(done));
    const upstream = start([replica.url, other.url]);
    await upstream.ready(5000);
    await expect
      .poll(() => upstream.status().replicas.every(({ state }) => state === "up"))
      .toBe(true);
    const notify = () => replica.kill();
    const answered = [1, 2].map(() => upstream.serve(list, contextFor({ notify }).context));
    const outcomes = await Promise.allSettled(answered);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(other.count()).toBe(1);
  });

  it.each([
    ["HTML", "<html></html>"],
    ["JSON without a response", '{"a":1}'],
  ])("rejects with 502 for an answer that is %s", async (_what, text) => {
    const replica = await startReplica(answer(text));
    const { context, record } = contextFor();
    await expect(start([replica.url]).serve(list, context)).rejects.toMatchObject({
      kind: "malformed",
      status: 502,
    });
    expect(record.reason).toBe("malformed");
  });

  it.each([
    ["first-byte-timeout", { firstByteMs: 150 }],
    ["total-timeout", { totalMs: 150 }],
  ])("rejects with 504 when the replica does not answer: %s", async (reason, timeouts) => {
    let closed: Promise<unknown> = new Promise(() => {});
    const replica = await startReplica((req, res) => {
      req.resume();
      closed = once(res, "close");
    });
    const { context, record } = contextFor();
    const time = createManualTime();
    const answered = start([replica.url], { timeouts }, { clock: time }).serve(list, context);
    const rejected = expect(answered).rejects.toMatchObject({ kind: "timeout", status: 504 });
    await expect.poll(() => replica.count()).toBe(1);
    time.advance(300);
    await rejected;
    expect(record).toMatchObject({ reason, attempts: 1 });
    await closed;
  });

  it("restarts the idle limit with each comment of a stream", async () => {
    const waitFor = vi.spyOn(Delivery.prototype, "waitFor");
    onTestFinished(() => waitFor.mockRestore());
    const starts = () => waitFor.mock.calls.filter(([phase]) => phase === "idle").length;
    let stream: ServerResponse | undefined;
    const replica = await startReplica((req, res) => {
      req.resume();
      stream = res.writeHead(200, { "content-type": "text/event-stream" });
      stream.flushHeaders();
    });
    const time = createManualTime();
    const upstream = start([replica.url], { timeouts: { idleMs: 120 } }, { clock: time });
    const answered = upstream.serve(call, contextFor().context);
    await expect.poll(starts).toBe(1);
    for (let sent = 1; sent <= 5; sent += 1) {
      const before = starts();
      time.advance(100);
      stream?.write(":\n\n");
      await expect.poll(starts).toBeGreaterThan(before);
    }
    stream?.end(`data: ${done}\n\n`);
    expect(await answered).toBeDefined();
  });

  it("forwards the client's abort to the replica and rejects with it", async () => {
    let closed: Promise<unknown> = new Promise(() => {});
    const replica = await startReplica((req, res) => {
      req.resume();
      closed = once(res, "close");
    });
    const controller = new AbortController();
    const { context } = contextFor({ signal: controller.signal });
    const upstream = start([replica.url]);
    const answered = upstream.serve(list, context);
    await expect.poll(() => replica.count()).toBe(1);
    controller.abort();
    await expect(answered).rejects.toMatchObject({ name: "TransportError", reason: "aborted" });
    await closed;
    expect(upstream.status()).toMatchObject({ inFlight: 0, replicas: [{ failures: 0 }] });
  });
});

describe("the queue", () => {
  it("refuses requests with 503 when it is full, and removes requests that abort", async () => {
    const replica = await startReplica((req) => void req.resume());
    const upstream = start([replica.url], { concurrency: { max: 1, queue: 1 } });
    const controller = new AbortController();
    const first = upstream.serve(call, contextFor({ signal: controller.signal }).context);
    const second = upstream.serve(call, contextFor({ signal: controller.signal }).context);
    expect(upstream.status().queued).toBe(1);
    const { context, record } = contextFor();
    await expect(upstream.serve(call, context)).rejects.toMatchObject({
      status: 503,
      retryAfterMs: 1000,
    });
    expect(record.reason).toBe("queue");
    controller.abort();
    const outcomes = await Promise.allSettled([first, second]);
    expect(outcomes).toMatchObject([
      { reason: { reason: "aborted" } },
      { reason: { reason: "aborted" } },
    ]);
    expect(upstream.status().queued).toBe(0);
    await expect.poll(() => upstream.status().inFlight).toBe(0);
  });

  it("rejects with 503 when there are no replicas", async () => {
    await expect(start([]).serve(list, contextFor().context)).rejects.toMatchObject({
      status: 503,
      data: { upstream: "test" },
    });
  });
});
