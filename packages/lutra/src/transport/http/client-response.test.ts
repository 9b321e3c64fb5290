import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import type { JSONRPCNotification } from "../../protocol/json-rpc.ts";
import { createHttpTransport as createUndiciTransport } from "./client-undici.ts";
import {
  answerWith,
  context,
  done,
  event,
  opener,
  progress,
  request,
  serveHttp,
  transports,
} from "./fixtures/scripted-endpoint.ts";

const nested = (depth: number) => JSON.parse("[".repeat(depth) + "]".repeat(depth));

describe.each(transports)("the %s transport", (_name, createHttpTransport) => {
  const open = opener(createHttpTransport);

  it("reads a JSON response", async () => {
    const url = await serveHttp(answerWith(done, 200, "Application/JSON; charset=utf-8"));
    expect(await open(url).serve(request(), context())).toEqual({ resultType: "complete" });
  });

  it.each([[1], [100_000]])(
    "rejects a JSON response of %i bytes that are not UTF-8",
    async (count) => {
      const url = await serveHttp((_request, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.write('{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete","x":"');
        response.write(Buffer.alloc(count, 0xff));
        response.end('"}}');
      });
      const reading = open(url).serve(request(), context());
      await expect(reading).rejects.toMatchObject({ reason: "malformed" });
      await expect(reading).rejects.toThrow("expected UTF-8");
    },
  );

  it("reads responses of a server that compresses unless it is asked not to", async () => {
    const url = await serveHttp(({ headers }, response) => {
      const isPlain = headers["accept-encoding"] === "identity";
      const encoding = isPlain ? {} : { "content-encoding": "gzip" };
      response.writeHead(200, { "content-type": "application/json", ...encoding });
      response.end(isPlain ? done : gzipSync(done));
    });
    expect(await open(url).serve(request(), context())).toEqual({ resultType: "complete" });
  });

  it("reads an event stream: notifications in order, then the response", async () => {
    const stream = `: hello\r\n\r\n${event(progress(1))}${event(progress(2))}${event(done)}`;
    const url = await serveHttp(answerWith(stream, 200, "text/event-stream"));
    const notifications: JSONRPCNotification[] = [];
    const notify = (notification: JSONRPCNotification) => void notifications.push(notification);
    const result = await open(url).serve(request(), context({ notify }));
    expect(notifications.map(({ params }) => params?.progress)).toEqual([1, 2]);
    expect(result).toEqual({ resultType: "complete" });
  });

  it("has the result as soon as the response arrives, though the stream stays open", async () => {
    const url = await serveHttp((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(event(done) + event(progress(9)));
    });
    const result = await open(url).serve(request(), context());
    expect(result).toEqual({ resultType: "complete" });
  });

  it("delays further notifications until the reader can take more", async () => {
    let release = () => {};
    let count = 0;
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const url = await serveHttp((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(event(progress(0)));
      first.then(() => response.end(event(progress(1)) + event(done)));
    });
    let arrived = () => {};
    const first = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const notify = () => {
      count += 1;
      arrived();
      return gate;
    };
    const result = open(url).serve(request(), context({ notify }));
    await first;
    await new Promise((resolve) => setImmediate(resolve));
    expect(count).toBe(1);
    release();
    await result;
    expect(count).toBe(2);
  });

  it.each([
    ["400 with the id", 400, '{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"no"}}'],
    ["400 without an id", 400, '{"jsonrpc":"2.0","error":{"code":-32602,"message":"no"}}'],
    ["200 with an error", 200, '{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"message":"no"}}'],
  ])("errors of the server keep the server's code: %s", async (_what, status, body) => {
    const url = await serveHttp(answerWith(body, status));
    await expect(open(url).serve(request(), context())).rejects.toMatchObject({
      name: "ProtocolError",
      reason: "invalidParams",
      peer: true,
      message: "no",
    });
  });

  it.each([429, 503])("%i has the pause before another attempt", async (status) => {
    const error = '{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"busy"}}';
    const answers = [
      { type: "application/json", body: error, name: "ProtocolError" },
      { type: "text/html", body: "<h1>busy</h1>", name: "TransportError" },
      { type: "application/json", body: "{}", name: "TransportError" },
    ];
    for (const { type, body, name } of answers) {
      const headers = { "content-type": type, "retry-after": "12" };
      const url = await serveHttp((_request, response) =>
        response.writeHead(status, headers).end(body),
      );
      const answer = open(url).serve(request(), context());
      await expect(answer).rejects.toMatchObject({ name, status, retryAfterMs: 12_000 });
    }
  });

  it.each([401, 403])(
    "an error with the status %i has that status and the challenge",
    async (status) => {
      const body = '{"jsonrpc":"2.0","error":{"code":-32600,"message":"who?"}}';
      const challenge = 'Bearer error="invalid_token"';
      const headers = { "content-type": "application/json", "www-authenticate": challenge };
      const url = await serveHttp((_request, response) =>
        response.writeHead(status, headers).end(body),
      );
      const answer = open(url).serve(request(), context());
      await expect(answer).rejects.toMatchObject({ code: -32600, peer: true, status, challenge });
    },
  );

  it("a Retry-After date counts from the Date of the response", async () => {
    const headers = {
      date: "Tue, 28 Jul 2026 12:00:00 GMT",
      "retry-after": "Tue, 28 Jul 2026 12:00:05 GMT",
    };
    const url = await serveHttp((_request, response) => response.writeHead(429, headers).end());
    const answer = open(url).serve(request(), context());
    await expect(answer).rejects.toMatchObject({ reason: "http", retryAfterMs: 5000 });
  });

  it.each([
    ["an unreadable time", 429, "soon"],
    ["a negative time", 503, "-5"],
    ["a status that has no such header", 500, "5"],
  ])("%s is ignored as a pause", async (_what, status, header) => {
    const body = '{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"busy"}}';
    const headers = { "content-type": "application/json", "retry-after": header };
    const url = await serveHttp((_request, response) =>
      response.writeHead(status, headers).end(body),
    );
    const answer = open(url).serve(request(), context());
    await expect(answer).rejects.toMatchObject({ peer: true, retryAfterMs: undefined });
  });

  it("errors of the server may arrive on a stream", async () => {
    const error = '{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"no"}}';
    const url = await serveHttp(answerWith(event(error), 200, "text/event-stream"));
    const answer = open(url).serve(request(), context());
    await expect(answer).rejects.toMatchObject({ reason: "internalError", peer: true });
  });

  it.each([
    ["404 with HTML", 404, "text/html", "<h1>no</h1>"],
    ["502 with JSON that is not a message", 502, "application/json", '{"error":"bad gateway"}'],
    ["400 with broken JSON", 400, "application/json", "{"],
    ["500 with a result", 500, "application/json", done],
    ["a redirect, which is not followed", 307, "text/plain", ""],
  ])("a status without a JSON-RPC error is reported as such: %s", async (...args) => {
    const [, status, contentType, body] = args;
    const url = await serveHttp((_request, response) =>
      response.writeHead(status, { "content-type": contentType, location: "/elsewhere" }).end(body),
    );
    const answer = open(url).serve(request(), context());
    const message = expect.stringContaining(
      `${url}: HTTP status ${status} without a JSON-RPC error`,
    );
    const error = { name: "TransportError", reason: "http", status, message };
    await expect(answer).rejects.toMatchObject(error);
  });

  it.each([
    ["/", 404, "; is the path of the endpoint /mcp?"],
    ["/api?token=secret", 405, "; is the path of the endpoint /mcp?"],
    ["/v1/mcp", 404, ""],
    ["/", 500, ""],
  ])("names the usual path if the server has no such path: %s, %i", async (path, status, hint) => {
    const url = await serveHttp(answerWith("", status, "text/plain"));
    const { origin } = new URL(url);
    const answer = open(`${origin}${path}`).serve(request(), context());
    const place = `${origin}${path.replace(/\?.*/, "")}`;
    const message = `${place}: HTTP status ${status} without a JSON-RPC error${hint}`;
    await expect(answer).rejects.toMatchObject({ message });
  });

  it("names the URL and the system's code when no connection is made", async () => {
    const closed = createServer();
    closed.listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, "close");
    const answer = open(`http://127.0.0.1:${port}/mcp?token=secret`).serve(request(), context());
    await expect(answer).rejects.toMatchObject({
      reason: "closed",
      message: `http://127.0.0.1:${port}/mcp: the connection failed before the response (ECONNREFUSED); is the server running, and on this port?`,
      cause: expect.any(Error),
    });
  });

  it.each([
    ["another id", "application/json", done.replace("7", "8")],
    ["no result", "application/json", '{"jsonrpc":"2.0","id":7}'],
    ["a batch", "application/json", `[${done}]`],
    ["a notification as JSON", "application/json", progress(1)],
    ["text", "text/plain", done],
    [
      "a request of the server",
      "text/event-stream",
      event('{"jsonrpc":"2.0","id":1,"method":"ping"}'),
    ],
    ["an event that is not JSON", "text/event-stream", event("hello")],
  ])("refuses a response with %s", async (_what, contentType, body) => {
    const url = await serveHttp(answerWith(body, 200, contentType));
    const answer = open(url).serve(request(), context());
    await expect(answer).rejects.toMatchObject({ name: "TransportError", reason: "malformed" });
  });

  it.each([
    ["a JSON body", "application/json", done],
    ["an event", "text/event-stream", event(done)],
  ])("limits the depth and the values of %s", async (_what, contentType, _body) => {
    const deep = JSON.stringify({ jsonrpc: "2.0", id: 7, result: { x: nested(200) } });
    const large = JSON.stringify({ jsonrpc: "2.0", id: 7, result: { x: Array(1000).fill(0) } });
    for (const message of [deep, large]) {
      const body = contentType === "application/json" ? message : event(message);
      const url = await serveHttp(answerWith(body, 200, contentType));
      const answer = open(url, { maxResponseValues: 1000 }).serve(request(), context());
      await expect(answer).rejects.toMatchObject({
        reason: "malformed",
        message: expect.stringContaining("expected at most"),
      });
    }
  });

  it.each([
    ["a JSON body", "application/json", done],
    ["an event", "text/event-stream", event(done)],
  ])("limits the size of %s", async (_what, contentType, body) => {
    const url = await serveHttp(answerWith(body, 200, contentType));
    const answer = open(url, { maxResponseBytes: 20 }).serve(request(), context());
    await expect(answer).rejects.toMatchObject({ reason: "malformed" });
  });
});

describe("the undici transport", () => {
  const open = opener(createUndiciTransport);
  const compressed = (status: number) =>
    serveHttp((_request, response) => {
      response.writeHead(status, {
        "content-type": "application/json",
        "content-encoding": "gzip",
      });
      response.end(gzipSync(done));
    });

  it("names the encoding of a response that is compressed all the same", async () => {
    const sent = open(await compressed(200)).serve(request(), context());
    await expect(sent).rejects.toMatchObject({
      reason: "malformed",
      message:
        "response: expected no Content-Encoding, got gzip; turn off compression for requests " +
        "with Accept-Encoding: identity",
    });
  });

  it("reports the status of an error response that is compressed", async () => {
    const sent = open(await compressed(500)).serve(request(), context());
    await expect(sent).rejects.toMatchObject({ reason: "http", status: 500 });
  });
});
