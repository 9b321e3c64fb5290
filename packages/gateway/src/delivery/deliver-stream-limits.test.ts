import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createManualTime } from "../replicas/fixtures/manual-time.ts";
import {
  answer,
  answerTo,
  deadUrl,
  open,
  send,
  silentUrl,
  startFront,
  startReplica,
  textOf,
  until,
} from "./fixtures/front.ts";

describe("limits", () => {
  it("refuses with 503 when the queue is full", async () => {
    const waiting: ServerResponse[] = [];
    const replica = await startReplica((req, res) => {
      req.resume();
      waiting.push(res);
    });
    const front = await startFront([replica.url], { concurrency: { max: 1, queue: 1 } });
    const answers = [answerTo(open(front, "tools/call").end("{}"))];
    await until(() => waiting.length === 1);
    answers.push(answerTo(open(front, "tools/call").end("{}")));
    await until(() => front.upstream.status().queued === 1);
    const refused = await send(front, "tools/call");
    expect(refused.status).toBe(503);
    expect(front.records[2]).toMatchObject({ reason: "queue", attempts: 0 });
    waiting[0]?.end("first");
    await until(() => waiting.length === 2);
    waiting[1]?.end("second");
    expect((await Promise.all(answers)).map(({ body }) => body)).toEqual(["first", "second"]);
  });

  it("uses no slot for a request whose body arrives slowly", async () => {
    const replica = await startReplica(answer("ok"));
    const front = await startFront([replica.url], { concurrency: { max: 1, queue: 0 } });
    const slow = [1, 2, 3].map(() => open(front, "tools/call", { "content-length": "10" }));
    for (const req of slow) req.write("{");
    await until(() => front.records.length === 3);
    expect((await send(front, "tools/call")).status).toBe(200);
    expect(replica.count()).toBe(1);
    for (const req of slow) req.end(" ".repeat(9));
    const statuses = (await Promise.all(slow.map(answerTo))).map(({ status }) => status);
    expect(statuses).toContain(200);
  });

  it.each([
    ["small", 1],
    ["large", 70_000],
  ])("answers a %s body that arrives too slowly with 408", async (_size, bytes) => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const replica = await startReplica((req) => void req.resume());
    const front = await startFront([replica.url]);
    const req = open(front, "tools/call", { "content-length": "100000" });
    const answered = answerTo(req);
    req.write(" ".repeat(bytes));
    await until(() => vi.getTimerCount() > 0 && (bytes === 1 || replica.count() === 1));
    let isAnswered = false;
    req.once("response", () => {
      isAnswered = true;
    });
    while (!isAnswered) {
      await vi.advanceTimersByTimeAsync(1000);
      await turn();
    }
    expect((await answered).status).toBe(408);
    expect(front.records[0]).toMatchObject({ reason: "body-timeout" });
    await until(() => front.upstream.status().inFlight === 0);
  });

  it("refuses with 503 after queueMs in the queue", async () => {
    const replica = await startReplica((req) => void req.resume());
    const concurrency = { max: 1, queue: 1, queueMs: 20 };
    const front = await startFront([replica.url], { concurrency });
    open(front, "tools/call")
      .on("error", () => {})
      .end("{}");
    await until(() => replica.count() === 1);
    expect((await send(front, "tools/call")).status).toBe(503);
  });

  it("basic/patterns/subscriptions: applies neither slots nor a total time to a response that stays open", async () => {
    const replica = await startReplica((req, res) => {
      if (req.headers["mcp-method"] === "tools/call") return answer("ok")(req, res);
      req.resume();
      res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    });
    const time = createManualTime();
    const settings = {
      concurrency: { max: 1, queue: 0 },
      timeouts: { totalMs: 300, idleMs: 300, firstByteMs: 5000 },
    };
    const front = await startFront([replica.url], settings, { clock: time });
    const streams = [1, 2, 3].map(() => open(front, "subscriptions/listen").end("{}"));
    await Promise.all(streams.map((stream) => once(stream, "response")));
    expect((await send(front, "tools/call")).body).toBe("ok");
    time.advance(60_000);
    expect(front.records.map(({ reason }) => reason)).toEqual(Array(4).fill(undefined));
    expect(front.upstream.status().inFlight).toBe(3);
  });

  it.each([
    ["first-byte-timeout", { firstByteMs: 150 }],
    ["total-timeout", { totalMs: 150 }],
  ])("answers with 504 when the replica does not answer: %s", async (reason, timeouts) => {
    let closed: Promise<unknown> = new Promise(() => {});
    const replica = await startReplica((req, res) => {
      req.resume();
      closed = once(res, "close");
    });
    const time = createManualTime();
    const front = await startFront([replica.url], { timeouts }, { clock: time });
    const answered = send(front, "tools/list");
    await until(() => replica.count() === 1);
    time.advance(300);
    const got = await answered;
    expect(got.status).toBe(504);
    expect(JSON.parse(got.body).error).toMatchObject({ code: -32603, data: { upstream: "test" } });
    expect(front.records).toMatchObject([{ reason, attempts: 1 }]);
    await closed;
  });

  it("answers with 504 when no replica accepts a connection in time", async () => {
    const urls = [await silentUrl(), await silentUrl()];
    const front = await startFront(urls, { timeouts: { connectMs: 50 } });
    const got = await send(front, "tools/call");
    expect(got.status).toBe(504);
    expect(JSON.parse(got.body).error).toEqual({
      code: -32603,
      message: "The upstream did not answer in time (connect)",
      data: { upstream: "test" },
    });
    expect(front.records).toMatchObject([{ reason: "connect-timeout", attempts: 2 }]);
  });

  it("answers with 502 when all replicas refuse the connection", async () => {
    const front = await startFront([await deadUrl(), await deadUrl()]);
    expect((await send(front, "tools/call")).status).toBe(502);
    expect(front.records).toMatchObject([{ reason: "unreachable", attempts: 2 }]);
  });

  it("retries any request at another replica when the connection takes too long", async () => {
    const replica = await startReplica(answer("ok"));
    const timeouts = { connectMs: 500 };
    const front = await startFront([await silentUrl(), replica.url], { timeouts });
    for (let call = 0; call < 2; call += 1) {
      expect((await send(front, "tools/call")).body).toBe("ok");
    }
    expect(replica.count()).toBe(2);
  });

  it.each([
    ["idle-timeout", { idleMs: 150 }],
    ["total-timeout", { totalMs: 150 }],
  ])("closes the connection when an answer stops in the middle: %s", async (reason, timeouts) => {
    const replica = await startReplica((req, res) => {
      req.resume();
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write("data: 1\n\n");
    });
    const time = createManualTime();
    const front = await startFront([replica.url], { timeouts }, { clock: time });
    const req = open(front, "tools/call").end("{}");
    const [res] = (await once(req, "response")) as [IncomingMessage];
    await once(res, "readable");
    time.advance(300);
    await expect(textOf(res)).rejects.toThrow("aborted");
    expect(front.records[0]?.reason).toBe(reason);
  });

  it("answers with 408 when the client does not send the rest of its body", async () => {
    const replica = await startReplica((req) => void req.resume());
    const front = await startFront([replica.url], { timeouts: { idleMs: 30 } });
    const req = open(front, "tools/call");
    req.write("half");
    const got = await answerTo(req);
    expect([got.status, front.records[0]?.reason]).toEqual([408, "body-timeout"]);
  });

  it("answers with 503 when there are no replicas", async () => {
    const front = await startFront([]);
    expect((await send(front, "tools/list")).status).toBe(503);
    expect(front.records[0]).toMatchObject({ reason: "not-ready", attempts: 0 });
  });
});

describe("an invalid HTTP response", () => {
  it.each([
    ["another protocol", "SSH-2.0-x\r\n"],
    [
      "a header with a control character",
      "HTTP/1.1 200 OK\r\nx: a\u0001b\r\ncontent-length: 0\r\n\r\n",
    ],
  ])("is answered with 502: %s", async (_what, bytes) => {
    const replica = await startReplica((req) => {
      req.resume().on("end", () => req.socket.end(bytes));
    });
    const front = await startFront([replica.url]);
    expect((await send(front, "tools/call")).status).toBe(502);
  });
});
