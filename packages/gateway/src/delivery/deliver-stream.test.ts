import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import {
  answer,
  answerTo,
  breakOff,
  deadUrl,
  open,
  send,
  startFront,
  startReplica,
  textOf,
  until,
} from "./fixtures/front.ts";

describe("a request that passes through", () => {
  it("reaches the replica unchanged, and so does the answer its client", async () => {
    let seen: IncomingMessage | undefined;
    let body = "";
    const replica = await startReplica(async (req, res) => {
      seen = req;
      body = await textOf(req);
      res.writeHead(201, { "x-kept": "yes", "keep-alive": "timeout=99" }).end("answer");
    });
    const front = await startFront([replica.url]);
    const headers = { "mcp-name": "=?base64?w7g=?=", "mcp-param-city": "Ulm", te: "trailers" };
    const got = await send(front, "tools/call", { headers, body: '{"a":"ø"}' });
    expect([seen?.method, seen?.url, body]).toEqual(["POST", "/mcp", '{"a":"ø"}']);
    expect(seen?.headers).toMatchObject({
      "mcp-name": "=?base64?w7g=?=",
      "mcp-param-city": "Ulm",
      host: new URL(replica.url).host,
    });
    expect(seen?.headers.te).toBeUndefined();
    expect(got).toMatchObject({ status: 201, body: "answer" });
    expect(got.headers).toMatchObject({ "x-kept": "yes", "x-lutra-replica": "1" });
    expect(got.headers["keep-alive"]).not.toBe("timeout=99");
  });

  it.each([16, 20_000])("receives an answer of %i arbitrary bytes unchanged", async (size) => {
    const bytes = Buffer.from(Array.from({ length: size }, (_, index) => (index * 37) % 256));
    const replica = await startReplica((req, res) => {
      req.resume();
      res.writeHead(200, { "content-length": size }).end(bytes);
    });
    const front = await startFront([replica.url]);
    const req = open(front, "tools/call").end("{}");
    const [res] = (await once(req, "response")) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of res) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
  });

  it("carries the configured headers instead of the client's", async () => {
    let seen: IncomingMessage["headers"] = {};
    const replica = await startReplica((req, res) => {
      seen = req.headers;
      answer("{}")(req, res);
    });
    const front = await startFront([replica.url], { headers: { Authorization: "Bearer own" } });
    await send(front, "tools/call", { headers: { authorization: "Bearer client" } });
    expect(seen.authorization).toBe("Bearer own");
  });

  it("is recorded with its upstream, replica and time", async () => {
    const replica = await startReplica(answer("{}"));
    const front = await startFront([replica.url]);
    await send(front, "tools/list");
    expect(front.records).toMatchObject([
      { upstream: "test", replica: "1", attempts: 1, reason: undefined },
    ]);
    expect(front.records[0]?.upstreamMs).toBeGreaterThan(0);
  });

  it.each([
    ["chunks", undefined],
    ["a length", "12"],
  ])("may have a body that arrives later, in %s", async (_how, length) => {
    const bodies: (string | undefined)[] = [];
    const replica = await startReplica(async (req, res) => {
      bodies.push(await textOf(req), req.headers["content-length"]);
      res.end();
    });
    const front = await startFront([replica.url]);
    const headers: { [name: string]: string } = length ? { "content-length": length } : {};
    const req = open(front, "tools/call", headers);
    req.flushHeaders();
    await until(() => front.records.length === 1);
    req.write("first ");
    await until(() => replica.count() === 1 || front.records.length === 1);
    req.end("second");
    expect((await answerTo(req)).status).toBe(200);
    expect(bodies[0]).toBe("first second");
  });

  it("may have no body", async () => {
    const replica = await startReplica(answer("{}"));
    const front = await startFront([replica.url]);
    const req = open(front, "tools/list", { "content-length": "0" });
    req.end();
    expect((await answerTo(req)).status).toBe(200);
  });
});

describe("streaming", () => {
  it("delivers the start of a large body, and of the answer, before its end", async () => {
    let first = "";
    const replica = await startReplica((req, res) => {
      req.once("data", (chunk: Buffer) => {
        first = chunk.toString().slice(0, 5);
        res.writeHead(200, { "content-type": "text/event-stream" });
        res.write("data: 1\n\n");
        req.resume().on("end", () => res.end("data: 2\n\n"));
      });
    });
    const front = await startFront([replica.url]);
    const req = open(front, "tools/call");
    req.write("first".padEnd(65_537));
    const [res] = (await once(req, "response")) as [IncomingMessage];
    const [event] = await once(res, "data");
    expect([first, String(event)]).toEqual(["first", "data: 1\n\n"]);
    req.end("last");
    expect(await textOf(res)).toBe("data: 2\n\n");
  });

  it("sends the head of an answer before its body", async () => {
    let finish = () => {};
    const replica = await startReplica((req, res) => {
      req.resume();
      res.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      finish = () => res.end("data: 1\n\n");
    });
    const front = await startFront([replica.url]);
    const req = open(front, "tools/call").end("{}");
    const [res] = (await once(req, "response")) as [IncomingMessage];
    finish();
    expect(await textOf(res)).toBe("data: 1\n\n");
  });

  it("delivers an answer that precedes the end of the body, and closes the connection", async () => {
    const replica = await startReplica((req, res) => {
      req.once("data", () => res.writeHead(413, { connection: "close" }).end("too much"));
    });
    const front = await startFront([replica.url]);
    const req = open(front, "tools/call");
    req.write(Buffer.alloc(100_000));
    const got = await answerTo(req);
    expect(got).toMatchObject({ status: 413, body: "too much" });
    expect(got.headers.connection).toBe("close");
  });

  it("slows the replica down to the speed of the client", async () => {
    const chunk = Buffer.alloc(65_536);
    let written = 0;
    let isWaiting = false;
    const replica = await startReplica((req, res) => {
      req.resume();
      const more = () => {
        isWaiting = false;
        while (written < 1000) {
          written += 1;
          if (res.write(chunk)) continue;
          isWaiting = true;
          res.once("drain", more);
          return;
        }
        res.end();
      };
      more();
    });
    const front = await startFront([replica.url]);
    const req = open(front, "tools/call").end("{}");
    const [res] = (await once(req, "response")) as [IncomingMessage];
    await until(() => isWaiting);
    let last = -1;
    while (last !== written || !isWaiting) {
      last = written;
      for (let count = 0; count < 200; count += 1) await turn();
    }
    expect(written).toBeLessThan(500);
    let size = 0;
    for await (const piece of res) size += piece.length;
    expect(size).toBe(1000 * chunk.length);
  });

  it("slows the client down to the speed of the replica", async () => {
    let read = () => {};
    const replica = await startReplica((req, res) => {
      read = () => req.resume().on("end", () => res.end("done"));
    });
    const front = await startFront([replica.url]);
    const req = open(front, "tools/call");
    const chunk = Buffer.alloc(65_536);
    let written = 0;
    while (written < 1000 && req.write(chunk)) written += 1;
    for (;;) {
      // Without backpressure, all of it would drain.
      const drained = once(req, "drain").then(() => true);
      let isDrained = false;
      void drained.then(() => {
        isDrained = true;
      });
      for (let count = 0; count < 300 && !isDrained; count += 1) await turn();
      if (!isDrained) break;
      written += 1;
      req.write(chunk);
      expect(written).toBeLessThan(1000);
    }
    read();
    req.end();
    expect((await answerTo(req)).body).toBe("done");
  });
});

describe("a client that disconnects", () => {
  it("cancels its request at the replica", async () => {
    let closed: Promise<unknown> = new Promise(() => {});
    const replica = await startReplica((req, res) => {
      req.resume();
      closed = once(res, "close");
    });
    const front = await startFront([replica.url]);
    const req = open(front, "tools/call").end("{}");
    req.on("error", () => {});
    await until(() => replica.count() === 1);
    req.destroy();
    await closed;
    await until(() => front.upstream.status().inFlight === 0);
    expect(front.records[0]?.reason).toBe("client-gone");
  });

  it("leaves the queue at once", async () => {
    const waiting: ServerResponse[] = [];
    const replica = await startReplica((req, res) => {
      req.resume();
      waiting.push(res);
    });
    const concurrency = { max: 1, queue: 5, queueMs: 60_000 };
    const front = await startFront([replica.url], { concurrency });
    const first = answerTo(open(front, "tools/call").end("{}"));
    await until(() => waiting.length === 1);
    const second = open(front, "tools/call").end("{}");
    second.on("error", () => {});
    await until(() => front.upstream.status().queued === 1);
    second.destroy();
    await until(() => front.upstream.status().queued === 0);
    waiting[0]?.end("done");
    expect((await first).body).toBe("done");
    expect(replica.count()).toBe(1);
  });
});

describe("retries", () => {
  it("send any request to another replica when the connection is refused", async () => {
    const replica = await startReplica(answer("ok"));
    const front = await startFront([await deadUrl(), replica.url]);
    for (let call = 0; call < 4; call += 1) {
      expect(await send(front, "tools/call")).toMatchObject({ status: 200, body: "ok" });
    }
    expect(replica.count()).toBe(4);
    expect(front.records.map(({ attempts }) => attempts)).toContain(2);
  });

  it("send the whole body to the next replica, even while it arrives", async () => {
    const replica = await startReplica(async (req, res) => {
      res.end(await textOf(req));
    });
    const front = await startFront([await deadUrl(), replica.url]);
    for (let call = 0; call < 2; call += 1) {
      const req = open(front, "tools/call");
      req.write("first ");
      await until(() => front.records.length === call + 1);
      req.end("second");
      expect(await answerTo(req)).toMatchObject({ status: 200, body: "first second" });
    }
  });

  it("send safe methods to another replica when the connection breaks before the answer", async () => {
    const broken = await startReplica(breakOff);
    const replica = await startReplica(answer("ok"));
    const front = await startFront([broken.url, replica.url]);
    for (const method of ["tools/list", "resources/read", "prompts/get"]) {
      expect(await send(front, method)).toMatchObject({ status: 200, body: "ok" });
    }
    expect(broken.count()).toBeGreaterThan(0);
  });

  it("send a safe request again whose body arrives in pieces", async () => {
    const broken = await startReplica((req) => {
      req.once("data", () => req.socket.destroy());
    });
    const replica = await startReplica(async (req, res) => {
      res.end(await textOf(req));
    });
    const front = await startFront([broken.url, replica.url]);
    const req = open(front, "tools/list");
    req.write("first ");
    await until(() => front.records.length > 0);
    req.end("second");
    expect(await answerTo(req)).toMatchObject({ status: 200, body: "first second" });
    expect(broken.count()).toBe(1);
  });

  it("never repeat a call that may have been executed", async () => {
    const replicas = [await startReplica(breakOff), await startReplica(breakOff)];
    const front = await startFront(replicas.map(({ url }) => url));
    const got = await send(front, "tools/call", { headers: { "mcp-name": "pay" } });
    expect(got.status).toBe(502);
    expect(JSON.parse(got.body).error).toMatchObject({ code: -32603, data: { upstream: "test" } });
    expect(replicas.map(({ count }) => count()).sort()).toEqual([0, 1]);
    expect(front.records).toMatchObject([{ attempts: 1, reason: "broken", code: -32603 }]);
  });

  it("never repeat a call that was sent on an idle connection that broke", async () => {
    let sockets = 0;
    const replica = await startReplica((req, res) => {
      sockets += 1;
      if (sockets === 1) answer("ok")(req, res);
      else breakOff(req, res);
    });
    const front = await startFront([replica.url]);
    expect((await send(front, "tools/call")).status).toBe(200);
    expect((await send(front, "tools/call")).status).toBe(502);
    expect(replica.count()).toBe(2);
  });

  it("send a safe request to the only replica again", async () => {
    let calls = 0;
    const replica = await startReplica((req, res) => {
      calls += 1;
      if (calls === 1) breakOff(req, res);
      else answer("ok")(req, res);
    });
    const front = await startFront([replica.url]);
    expect(await send(front, "tools/list")).toMatchObject({ status: 200, body: "ok" });
  });

  it("end after retries.attempts", async () => {
    const replicas = await Promise.all([1, 2, 3].map(() => startReplica(breakOff)));
    const urls = replicas.map(({ url }) => url);
    const front = await startFront(urls, { retries: { attempts: 2 } });
    expect((await send(front, "tools/list")).status).toBe(502);
    expect(replicas.reduce((sum, { count }) => sum + count(), 0)).toBe(2);
  });

  it("do not follow the start of an answer: the client sees that it is incomplete", async () => {
    const replicas = await Promise.all(
      [1, 2].map(() =>
        startReplica((req, res) => {
          req.resume();
          res.writeHead(200, { "content-length": "100" });
          res.write("half");
          setImmediate(() => res.destroy());
        }),
      ),
    );
    const front = await startFront(replicas.map(({ url }) => url));
    const req = open(front, "tools/list").end("{}");
    const [res] = (await once(req, "response")) as [IncomingMessage];
    await expect(textOf(res)).rejects.toThrow("aborted");
    expect(replicas.reduce((sum, { count }) => sum + count(), 0)).toBe(1);
    expect(front.records[0]?.reason).toBe("broken");
  });

  it.each([
    ["readOnlyHint", true, 200],
    ["idempotentHint", true, 200],
    ["destructiveHint", true, 502],
    ["readOnlyHint", false, 502],
  ])("treat a tool with %s as repeatable if trusted (%s): %i", async (hint, trust, status) => {
    const tools = [{ name: "look", inputSchema: {}, annotations: { [hint]: true } }];
    const list = {
      jsonrpc: "2.0",
      id: 0,
      result: { resultType: "complete", ttlMs: 60_000, tools },
    };
    let calls = 0;
    const replica = await startReplica((req, res) => {
      if (req.headers["mcp-method"] === "tools/list") return answer(JSON.stringify(list))(req, res);
      calls += 1;
      if (calls === 1) breakOff(req, res);
      else answer("ok")(req, res);
    });
    const front = await startFront([replica.url], { retries: { trustAnnotations: trust } });
    front.upstream.tool("look");
    await until(() => front.upstream.tool("look") !== undefined);
    const got = await send(front, "tools/call", { headers: { "mcp-name": "look" } });
    expect(got.status).toBe(status);
    expect(calls).toBe(status === 200 ? 2 : 1);
  });
});
