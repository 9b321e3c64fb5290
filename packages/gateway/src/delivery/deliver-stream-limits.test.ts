import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
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
} from "./fixtures/front.ts";

/** Waits for what must become true; the test's own time limit is the only one. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await turn();
}

describe("limits", () => {
  it("what does not fit into the queue is refused with 503", async () => {
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

  it("what waits for longer than queueMs is refused with 503", async () => {
    const replica = await startReplica((req) => void req.resume());
    const concurrency = { max: 1, queue: 1, queueMs: 20 };
    const front = await startFront([replica.url], { concurrency });
    open(front, "tools/call")
      .on("error", () => {})
      .end("{}");
    await until(() => replica.count() === 1);
    expect((await send(front, "tools/call")).status).toBe(503);
  });

  it("basic/patterns/subscriptions: what stays open is not counted, and has no total time", async () => {
    const replica = await startReplica((req, res) => {
      if (req.headers["mcp-method"] === "tools/call") return answer("ok")(req, res);
      req.resume();
      res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    });
    const front = await startFront([replica.url], {
      concurrency: { max: 1, queue: 0 },
      timeouts: { totalMs: 300, idleMs: 300, firstByteMs: 5000 },
    });
    const streams = [1, 2, 3].map(() => open(front, "subscriptions/listen").end("{}"));
    const responses = await Promise.all(streams.map((stream) => once(stream, "response")));
    expect((await send(front, "tools/call")).body).toBe("ok");
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(responses.map(([res]) => (res as IncomingMessage).destroyed)).toEqual([
      false,
      false,
      false,
    ]);
    expect(front.upstream.status().inFlight).toBe(3);
  });

  it.each([
    ["first-byte-timeout", { firstByteMs: 150 }],
    ["total-timeout", { totalMs: 150 }],
  ])("a replica that does not answer gives 504: %s", async (reason, timeouts) => {
    let gone: Promise<unknown> = new Promise(() => {});
    const replica = await startReplica((req, res) => {
      req.resume();
      gone = once(res, "close");
    });
    const front = await startFront([replica.url], { timeouts });
    const got = await send(front, "tools/list");
    expect(got.status).toBe(504);
    expect(JSON.parse(got.body).error).toMatchObject({ code: -32603, data: { upstream: "test" } });
    expect(front.records).toMatchObject([{ reason, attempts: 1 }]);
    await gone;
  });

  it("connections that take too long at every replica give 504", async () => {
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

  it("connections that are refused at every replica give 502", async () => {
    const front = await startFront([await deadUrl(), await deadUrl()]);
    expect((await send(front, "tools/call")).status).toBe(502);
    expect(front.records).toMatchObject([{ reason: "unreachable", attempts: 2 }]);
  });

  it("a connection that takes too long is tried elsewhere, whatever the request is", async () => {
    const replica = await startReplica(answer("ok"));
    const timeouts = { connectMs: 50 };
    const front = await startFront([await silentUrl(), replica.url], { timeouts });
    for (let call = 0; call < 2; call += 1) {
      expect((await send(front, "tools/call")).body).toBe("ok");
    }
    expect(replica.count()).toBe(2);
  });

  it.each([
    ["idle-timeout", { idleMs: 30 }],
    ["total-timeout", { totalMs: 150 }],
  ])("an answer that does not go on is cut off: %s", async (reason, timeouts) => {
    const replica = await startReplica((req, res) => {
      req.resume();
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write("data: 1\n\n");
    });
    const front = await startFront([replica.url], { timeouts });
    const req = open(front, "tools/call").end("{}");
    const [res] = (await once(req, "response")) as [IncomingMessage];
    await expect(textOf(res)).rejects.toThrow("aborted");
    expect(front.records[0]?.reason).toBe(reason);
  });

  it("a client that stops in the middle of its body is answered with 408", async () => {
    const replica = await startReplica((req) => void req.resume());
    const front = await startFront([replica.url], { timeouts: { idleMs: 30 } });
    const req = open(front, "tools/call");
    req.write("half");
    const got = await answerTo(req);
    expect([got.status, front.records[0]?.reason]).toEqual([408, "body-timeout"]);
  });

  it("without replicas the answer is 503", async () => {
    const front = await startFront([]);
    expect((await send(front, "tools/list")).status).toBe(503);
    expect(front.records[0]).toMatchObject({ reason: "not-ready", attempts: 0 });
  });
});

describe("what can't be HTTP", () => {
  it.each([
    ["no HTTP at all", "SSH-2.0-x\r\n"],
    [
      "a header that no client may get",
      "HTTP/1.1 200 OK\r\nx: a\u0001b\r\ncontent-length: 0\r\n\r\n",
    ],
  ])("an answer that is %s gives 502", async (_what, bytes) => {
    const replica = await startReplica((req) => {
      req.resume().on("end", () => req.socket.end(bytes));
    });
    const front = await startFront([replica.url]);
    expect((await send(front, "tools/call")).status).toBe(502);
  });
});
