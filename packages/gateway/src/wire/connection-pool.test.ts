import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { Readable } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { ConnectionPool } from "./connection-pool.ts";
import type { WireHandler, WireRequest } from "./handler.ts";

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const post: WireRequest = { method: "POST", path: "/mcp", headers: [], body: "{}" };

const opened: { close: () => unknown }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

/** A server that hands out the connections and the text that each receives. */
class Peer {
  readonly sockets: Socket[] = [];
  readonly received: string[] = [];
  readonly #onRequest: (socket: Socket, index: number, text: string) => void;
  readonly server: Server;

  constructor(onRequest: (socket: Socket, index: number, text: string) => void) {
    this.#onRequest = onRequest;
    this.server = createServer((socket) => this.#accept(socket));
  }

  #accept(socket: Socket): void {
    const index = this.sockets.push(socket) - 1;
    this.received.push("");
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      this.received[index] += chunk.toString("latin1");
      this.#onRequest(socket, index, chunk.toString("latin1"));
    });
  }
}

async function start(
  onRequest: (socket: Socket, index: number, text: string) => void,
): Promise<{ readonly peer: Peer; readonly pool: ConnectionPool }> {
  const peer = new Peer(onRequest);
  await once(peer.server.listen(0, "127.0.0.1"), "listening");
  const { port } = peer.server.address() as AddressInfo;
  const pool = new ConnectionPool(new URL(`http://127.0.0.1:${port}`), { timeout: 1000 });
  opened.push({
    close: async () => {
      await pool.destroy();
      for (const socket of peer.sockets) socket.destroy();
      peer.server.close();
    },
  });
  return { peer, pool };
}

/** Answers each chunk of a request with the same bytes. */
const always = (answer: string) => (socket: Socket) => void socket.write(answer, "latin1");

interface Outcome {
  readonly status: number;
  readonly body: string;
}

class Recorder implements WireHandler {
  readonly calls: string[] = [];
  readonly ended: Promise<Outcome>;
  abort: (error: Error) => void = () => {};
  resume: () => void = () => {};
  onPart: (part: string) => boolean = () => true;
  #status = 0;
  #body = "";
  #settle!: { resolve: (outcome: Outcome) => void; reject: (error: Error) => void };

  constructor() {
    this.ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.ended.catch(() => {});
  }

  onConnect(abort: (error: Error) => void): void {
    this.calls.push("connect");
    this.abort = abort;
  }

  onHeaders(status: number, _raw: readonly string[], resume: () => void): boolean {
    this.calls.push("head");
    this.resume = resume;
    this.#status = status;
    return this.onPart("head");
  }

  onData(chunk: Buffer): boolean {
    this.calls.push("data");
    this.#body += chunk.toString("latin1");
    return this.onPart("data");
  }

  onComplete(): void {
    this.calls.push("complete");
    this.#settle.resolve({ status: this.#status, body: this.#body });
  }

  onError(error: Error): void {
    this.calls.push("error");
    this.#settle.reject(error);
  }
}

function send(pool: ConnectionPool, request: WireRequest = post): Recorder {
  const recorder = new Recorder();
  pool.dispatch(request, recorder);
  return recorder;
}

const ask = (pool: ConnectionPool, request?: WireRequest) => send(pool, request).ended;

/** Resolves after the event loop has polled all sockets. */
const polled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

it("sends head and body, and reads the response", async () => {
  const { peer, pool } = await start(always(ok));
  const headers = ["content-type", "application/json", "content-length", "2"];
  expect(await ask(pool, { ...post, headers })).toEqual({ status: 200, body: "ok" });
  const { port } = peer.server.address() as AddressInfo;
  expect(peer.received).toEqual([
    `POST /mcp HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: keep-alive\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
  ]);
});

it.each([
  ["POST", "content-length: 0\r\n\r\n"],
  ["GET", "connection: keep-alive\r\n\r\n"],
])("sends %s without a body", async (method, end) => {
  const { peer, pool } = await start(always(ok));
  expect(await ask(pool, { ...post, method, body: null })).toEqual({ status: 200, body: "ok" });
  expect(peer.received[0]?.endsWith(end)).toBe(true);
});

it("closes a connection after HEAD, whose response may have a body by mistake", async () => {
  const { peer, pool } = await start(always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"));
  const head = { ...post, method: "HEAD", body: null };
  expect(await ask(pool, head)).toEqual({ status: 200, body: "" });
  await ask(pool, head);
  expect(peer.sockets).toHaveLength(2);
});

it("reuses a connection, and opens one for each exchange in flight", async () => {
  const { peer, pool } = await start(always(ok));
  await Promise.all([ask(pool), ask(pool)]);
  await Promise.all([ask(pool), ask(pool)]);
  expect(peer.sockets).toHaveLength(2);
});

const notReused: readonly (readonly [string, string])[] = [
  ["Connection: close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"],
  ["HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"],
  ["bytes after the response", `${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`],
  [
    "a keep-alive time of the server that is too short",
    "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=2\r\nContent-Length: 2\r\n\r\nok",
  ],
];

it.each(notReused)("does not reuse a connection after %s", async (_what, answer) => {
  const { peer, pool } = await start(always(answer));
  expect(await ask(pool)).toEqual({ status: 200, body: "ok" });
  expect(await ask(pool)).toEqual({ status: 200, body: "ok" });
  expect(peer.sockets).toHaveLength(2);
});

it("does not read bytes without a request as the next response", async () => {
  const { peer, pool } = await start(always(ok));
  await ask(pool);
  await polled();
  peer.sockets[0]?.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  expect(await ask(pool)).toEqual({ status: 200, body: "ok" });
  expect(await ask(pool)).toEqual({ status: 200, body: "ok" });
});

it("opens another connection if the server has closed an idle one", async () => {
  const { peer, pool } = await start(always(ok));
  await ask(pool);
  const [socket] = peer.sockets;
  socket?.end();
  await once(socket as Socket, "close");
  expect(await ask(pool)).toEqual({ status: 200, body: "ok" });
  expect(peer.sockets).toHaveLength(2);
});

it("closes an idle connection before its server does", async () => {
  const answer = "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=3\r\nContent-Length: 2\r\n\r\nok";
  const { peer, pool } = await start(always(answer));
  await ask(pool);
  await once(peer.sockets[0] as Socket, "end");
  expect(await ask(pool)).toEqual({ status: 200, body: "ok" });
  expect(peer.sockets).toHaveLength(2);
});

const broken: readonly (readonly [string, (socket: Socket) => void, string])[] = [
  ["ends before a response", (socket) => void socket.end(), "other side closed"],
  ["is reset", (socket) => void socket.resetAndDestroy(), "ECONNRESET"],
  [
    "ends in a body",
    (socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok"),
    "other side closed",
  ],
  ["carries another protocol", always("SSH-2.0\r\n"), "HTTP/1.1 protocol"],
  [
    "has a malformed chunk",
    always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "HTTP/1.1 protocol",
  ],
];

it.each(broken)("fails an exchange whose connection %s", async (_what, onRequest, message) => {
  const { pool } = await start(onRequest);
  const exchange = send(pool);
  await expect(exchange.ended).rejects.toThrow(message);
  expect(exchange.calls.filter((call) => call === "error")).toHaveLength(1);
});

it("reads a body until the end of the connection, but not until a reset", async () => {
  const begun = "HTTP/1.1 200 OK\r\n\r\nok";
  const ended = await start((socket) => void socket.end(begun));
  expect(await ask(ended.pool)).toEqual({ status: 200, body: "ok" });
  const reset = await start((socket) => void socket.write(begun));
  const exchange = send(reset.pool);
  exchange.onPart = () => {
    setImmediate(() => reset.peer.sockets[0]?.resetAndDestroy());
    return true;
  };
  await expect(exchange.ended).rejects.toThrow("ECONNRESET");
});

it("fails an exchange without a connection before it starts", async () => {
  const { peer, pool } = await start(always(ok));
  peer.server.close();
  await once(peer.server, "close");
  const exchange = send(pool);
  await expect(exchange.ended).rejects.toMatchObject({ code: "ECONNREFUSED" });
  expect(exchange.calls).toEqual(["error"]);
});

const refusedRequests: readonly (readonly [string, Partial<WireRequest>, string])[] = [
  ["a header with CR and LF", { headers: ["a", "b\r\nc: d"] }, "UND_ERR_INVALID_ARG"],
  ["a header outside of Latin-1", { headers: ["a", "\u20ac"] }, "UND_ERR_INVALID_ARG"],
  ["a name with a colon", { headers: ["a:", "b"] }, "UND_ERR_INVALID_ARG"],
  ["an empty name", { headers: ["", "b"] }, "UND_ERR_INVALID_ARG"],
  ["Transfer-Encoding", { headers: ["Transfer-Encoding", "chunked"] }, "UND_ERR_INVALID_ARG"],
  [
    "two lengths",
    { headers: ["content-length", "2", "content-length", "2"] },
    "UND_ERR_INVALID_ARG",
  ],
  ["an invalid length", { headers: ["content-length", "2a"] }, "UND_ERR_INVALID_ARG"],
  ["two hosts", { headers: ["host", "a", "host", "b"] }, "UND_ERR_INVALID_ARG"],
  ["Expect", { headers: ["expect", "100-continue"] }, "UND_ERR_NOT_SUPPORTED"],
  ["a path with a space", { path: "/a b" }, "UND_ERR_INVALID_ARG"],
  ["a path with CR and LF", { path: "/a\r\nb" }, "UND_ERR_INVALID_ARG"],
  ["a method with a space", { method: "GET /" }, "UND_ERR_INVALID_ARG"],
];

it.each(refusedRequests)("refuses a request with %s", async (_what, part, code) => {
  const { peer, pool } = await start(always(ok));
  await expect(ask(pool, { ...post, ...part })).rejects.toMatchObject({ code });
  expect(peer.sockets).toHaveLength(0);
});

it("refuses a body whose length differs from its header", async () => {
  const { pool } = await start(always(ok));
  const request = { ...post, headers: ["content-length", "3"] };
  await expect(ask(pool, request)).rejects.toThrow("content-length");
});

it("aborts an exchange and its connection at once", async () => {
  const { peer, pool } = await start((socket, index) => {
    if (index > 0) socket.write(ok);
    else exchange.abort(new Error("gone"));
  });
  const exchange = send(pool);
  await expect(exchange.ended).rejects.toThrow("gone");
  await once(peer.sockets[0] as Socket, "close");
  expect(await ask(pool)).toEqual({ status: 200, body: "ok" });
});

it("keeps a connection whose exchange was aborted before it was sent", async () => {
  const { peer, pool } = await start(always(ok));
  const recorder = new Recorder();
  recorder.onConnect = (abort) => abort(new Error("too late"));
  pool.dispatch(post, recorder);
  await expect(recorder.ended).rejects.toThrow("too late");
  await polled();
  expect(await ask(pool)).toEqual({ status: 200, body: "ok" });
  expect(peer.sockets).toHaveLength(1);
});

it("fails an exchange whose handler throws", async () => {
  const { pool } = await start(always(ok));
  const exchange = send(pool);
  exchange.onPart = () => {
    throw new Error("unfit");
  };
  await expect(exchange.ended).rejects.toThrow("unfit");
});

it("stops reading while a response is paused", async () => {
  const { peer, pool } = await start(always("HTTP/1.1 200 OK\r\n\r\n"));
  const exchange = send(pool);
  await new Promise<void>((resolve) => {
    exchange.onPart = () => {
      resolve();
      return false;
    };
  });
  const [socket] = peer.sockets as [Socket];
  const block = Buffer.alloc(1_048_576, "a");
  let written = 0;
  while (socket.write(block) || socket.writableLength < 16 * block.length) written += 1;
  expect(exchange.calls).toEqual(["connect", "head"]);
  exchange.onPart = () => true;
  exchange.resume();
  socket.end();
  const { body } = await exchange.ended;
  expect(body).toHaveLength((written + 1) * block.length);
});

it("completes a paused response only once it is resumed", async () => {
  const { pool } = await start(always(ok));
  const exchange = send(pool);
  await new Promise<void>((resolve) => {
    exchange.onPart = (part) => {
      if (part === "data") resolve();
      return part !== "data";
    };
  });
  await polled();
  expect(exchange.calls).toEqual(["connect", "head", "data"]);
  exchange.resume();
  expect(await exchange.ended).toEqual({ status: 200, body: "ok" });
});

it.each([
  ["in chunks", [], "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"],
  ["with a length", ["content-length", "3"], "content-length: 3\r\n\r\nabc"],
] as const)("sends a stream %s", async (_how, headers, sent) => {
  const { peer, pool } = await start((socket, index, text) => {
    if (peer.received[index]?.endsWith(sent) || text.endsWith("abc")) socket.write(ok);
  });
  const body = Readable.from([Buffer.from("ab"), Buffer.from("c")]);
  expect(await ask(pool, { ...post, headers, body })).toEqual({ status: 200, body: "ok" });
  expect(await ask(pool, { ...post, body: "abc" })).toEqual({ status: 200, body: "ok" });
  expect(peer.sockets).toHaveLength(1);
});

it.each([
  ["shorter", "4"],
  ["longer", "2"],
])("fails a stream that is %s than its length", async (_what, length) => {
  const { pool } = await start(() => {});
  const body = Readable.from([Buffer.from("abc")]);
  const request = { ...post, headers: ["content-length", length], body };
  await expect(ask(pool, request)).rejects.toThrow("content-length");
});

it("does not reuse a connection whose request had not ended before its response", async () => {
  const { peer, pool } = await start(always(ok));
  const body = new Readable({ read: () => {} });
  body.push("a");
  expect(await ask(pool, { ...post, body })).toEqual({ status: 200, body: "ok" });
  expect(body.destroyed).toBe(true);
  await ask(pool);
  expect(peer.sockets).toHaveLength(2);
});

it("closes after the exchanges in flight, and accepts no more", async () => {
  const { peer, pool } = await start(() => {});
  const exchange = send(pool);
  await once(peer.server, "connection");
  const closed = pool.close();
  await expect(ask(pool)).rejects.toMatchObject({ code: "UND_ERR_CLOSED" });
  while (peer.received[0] === "") await polled();
  peer.sockets[0]?.write(ok);
  expect(await exchange.ended).toEqual({ status: 200, body: "ok" });
  await closed;
});

it("fails the exchanges in flight when it is destroyed", async () => {
  const { peer, pool } = await start(() => {});
  const exchange = send(pool);
  await once(peer.server, "connection");
  while (peer.received[0] === "") await polled();
  const waiting = send(pool);
  await pool.destroy();
  await expect(exchange.ended).rejects.toMatchObject({ code: "UND_ERR_DESTROYED" });
  await expect(waiting.ended).rejects.toMatchObject({ code: "UND_ERR_DESTROYED" });
  await expect(ask(pool)).rejects.toMatchObject({ code: "UND_ERR_DESTROYED" });
});

it("fails an exchange whose connection is being established when it is destroyed", async () => {
  const { pool } = await start(always(ok));
  const exchange = send(pool);
  await new Promise(setImmediate);
  await pool.destroy();
  await expect(exchange.ended).rejects.toMatchObject({ code: "UND_ERR_DESTROYED" });
  expect(exchange.calls).toEqual(["error"]);
});

it("reports an error of a handler at the end of its exchange", async () => {
  const { pool } = await start(always(ok));
  const exchange = send(pool);
  exchange.onComplete = () => {
    throw new Error("unfit");
  };
  await expect(exchange.ended).rejects.toThrow("unfit");
});

it("fails an exchange whose response comes before the request was written", async () => {
  const { peer, pool } = await start(always(ok));
  await ask(pool);
  const body = new Readable({ read: () => {} });
  const exchange = send(pool, { ...post, body });
  const [socket] = peer.sockets as [Socket];
  await polled();
  socket.write(ok);
  await expect(exchange.ended).rejects.toThrow("response before the request");
});

it("does not reuse a connection whose request is still being sent", async () => {
  const { peer, pool } = await start((socket, index) => {
    if (index > 0) return void socket.write(ok);
    // The rest of the body stays in the buffers of the sender.
    socket.pause();
    socket.write(ok);
  });
  expect((await ask(pool, { ...post, body: Buffer.alloc(33_554_432) })).status).toBe(200);
  expect((await ask(pool)).status).toBe(200);
  expect(peer.sockets).toHaveLength(2);
});

it("refuses responses with many interim heads before the final one", async () => {
  const interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
  const { pool } = await start((socket, index) =>
    always(interim.repeat(index === 0 ? 16 : 17) + ok)(socket),
  );
  const first = send(pool);
  const second = send(pool);
  expect((await first.ended).status).toBe(200);
  await expect(second.ended).rejects.toThrow("interim");
});

it("resolves each call of close", async () => {
  const { pool } = await start(always(ok));
  const exchange = ask(pool);
  const closed = [pool.close(), pool.close()];
  await exchange;
  await Promise.all([...closed, pool.close()]);
  expect(pool.dispatch(post, new Recorder())).toBe(false);
});
