import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  type Server,
} from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Dispatcher, startDispatcher } from "./dispatcher.ts";

let folder: string;
let dispatcher: Dispatcher;
let replicas: Server[];
let count: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "lutra-test-"));
  dispatcher = await startDispatcher({ host: "127.0.0.1", port: 0, drainMs: 1000 });
  replicas = [];
  count = 0;
});

afterEach(async () => {
  for (const replica of replicas) replica.closeAllConnections();
  for (const replica of replicas) replica.close();
  await dispatcher.close();
  rmSync(folder, { recursive: true });
});

/** Starts a replica and lets the dispatcher know it. */
async function addReplica(listener: RequestListener): Promise<{ readonly remove: () => void }> {
  count += 1;
  const socketPath = join(folder, `${count}.sock`);
  const replica = createServer(listener).listen(socketPath);
  replicas.push(replica);
  await once(replica, "listening");
  return { remove: dispatcher.add({ number: count, socketPath }) };
}

/** A replica that died: nobody listens at its socket. */
function addDeadReplica(): void {
  count += 1;
  dispatcher.add({ number: count, socketPath: join(folder, `${count}.sock`) });
}

const answer =
  (text: string): RequestListener =>
  (_req, res) =>
    res.end(text);
const post = (init: RequestInit = {}) =>
  fetch(dispatcher.url, { method: "POST", body: "{}", ...init });
const replicaOf = (response: Response) => Number(response.headers.get("x-lutra-replica"));

async function bodyOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

it("hands requests to the replicas in turn, and says who answered", async () => {
  for (const name of ["a", "b", "c"]) await addReplica(answer(name));
  const answered: number[] = [];
  for (let call = 0; call < 6; call += 1) answered.push(replicaOf(await post()));
  expect(answered.slice(0, 3).sort()).toEqual([1, 2, 3]);
  expect(answered.slice(3)).toEqual(answered.slice(0, 3));
});

it("passes the request on as it is", async () => {
  let seen: IncomingMessage | undefined;
  let body = "";
  await addReplica(async (req, res) => {
    seen = req;
    body = await bodyOf(req);
    res.end();
  });
  const headers = { "mcp-method": "tools/call", "mcp-param-city": "=?base64?w7g=?=" };
  await fetch(`${dispatcher.url}?a=1`, { method: "POST", body: '{"a":"ø"}', headers });
  expect([seen?.method, seen?.url, body]).toEqual(["POST", "/mcp?a=1", '{"a":"ø"}']);
  expect(seen?.headers).toMatchObject(headers);
  expect(seen?.headers.host).toBe(new URL(dispatcher.url).host);
});

it("leaves it to the replica to refuse a header that was sent twice", async () => {
  let seen: string[] = [];
  await addReplica((req, res) => {
    seen = req.rawHeaders;
    res.end();
  });
  const { port } = new URL(dispatcher.url);
  const req = request({ port, path: "/mcp", method: "POST" });
  req.setHeader("mcp-name", ["a", "b"]);
  req.end();
  await once(req, "response");
  expect(seen.filter((_text, index) => seen[index - 1]?.toLowerCase() === "mcp-name")).toEqual([
    "a",
    "b",
  ]);
});

it("keeps headers of a connection to that connection", async () => {
  let seen: IncomingMessage["headers"] = {};
  await addReplica((req, res) => {
    seen = req.headers;
    res.writeHead(200, { "keep-alive": "timeout=99", "x-kept": "yes" }).end();
  });
  const { port } = new URL(dispatcher.url);
  const headers = { connection: "close, x-mine", "x-mine": "1", te: "trailers", "x-kept": "yes" };
  const req = request({ port, path: "/mcp", method: "POST", headers }).end("{}");
  const [res]: [IncomingMessage] = (await once(req, "response")) as [IncomingMessage];
  expect(seen).toMatchObject({ "x-kept": "yes" });
  expect(Object.keys(seen)).not.toEqual(expect.arrayContaining(["x-mine"]));
  expect(seen.te).toBeUndefined();
  expect(res.headers["keep-alive"]).not.toBe("timeout=99");
  expect(res.headers["x-kept"]).toBe("yes");
});

it("streams an answer as it comes", async () => {
  let finish = () => {};
  await addReplica((_req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write("data: 1\n\n");
    finish = () => res.end("data: 2\n\n");
  });
  const reader = (await post()).body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("data: 1\n\n");
  finish();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("data: 2\n\n");
  expect((await reader?.read())?.done).toBe(true);
});

it("streams a request as it comes", async () => {
  const heard: string[] = [];
  let onHeard = () => {};
  await addReplica((req, res) => {
    req.setEncoding("utf8").on("data", (text: string) => {
      heard.push(text);
      onHeard();
    });
    req.on("end", () => res.end());
  });
  const { port } = new URL(dispatcher.url);
  const req = request({ port, path: "/mcp", method: "POST" });
  const first = new Promise<void>((resolve) => {
    onHeard = resolve;
  });
  req.write("first");
  await first;
  expect(heard).toEqual(["first"]);
  req.end("second");
  await once(req, "response");
  expect(heard.join("")).toBe("firstsecond");
});

it("cancels the request at the replica when its client goes away", async () => {
  let onClose = () => {};
  const cancelled = new Promise<void>((resolve) => {
    onClose = resolve;
  });
  await addReplica((_req, res) => {
    res.on("close", onClose);
    res.writeHead(200).write("started");
  });
  const controller = new AbortController();
  const response = await post({ signal: controller.signal });
  await response.body?.getReader().read();
  controller.abort();
  await cancelled;
});

it("goes to the next replica when one can't be reached, and sends it the whole body", async () => {
  addDeadReplica();
  addDeadReplica();
  await addReplica(async (req, res) => res.end(await bodyOf(req)));
  const body = "x".repeat(300_000);
  for (let call = 0; call < 3; call += 1) {
    const response = await post({ body });
    expect([response.status, replicaOf(response)]).toEqual([200, 3]);
    expect(await response.text()).toBe(body);
  }
});

it("does not repeat a request that a replica may have acted on", async () => {
  let received = 0;
  for (let replica = 0; replica < 2; replica += 1) {
    await addReplica((req) => {
      received += 1;
      req.socket.destroy();
    });
  }
  const response = await post();
  expect(response.status).toBe(502);
  expect(await response.json()).toEqual({
    jsonrpc: "2.0",
    error: { code: -32603, message: expect.stringMatching(/^Replica \d broke off/) },
  });
  expect(received).toBe(1);
});

it("cuts an answer off where the replica did", async () => {
  await addReplica((req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write("data: 1\n\n", () => req.socket.destroy());
  });
  const response = await post();
  await expect(response.text()).rejects.toThrow();
});

it("answers 503 while no replica is ready", async () => {
  const response = await post();
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    jsonrpc: "2.0",
    error: { code: -32603, message: "No replica is ready" },
  });
  const { remove } = await addReplica(answer("here"));
  expect((await post()).status).toBe(200);
  remove();
  expect((await post()).status).toBe(503);
});

it("passes an answer on that comes before the body is complete", async () => {
  await addReplica((_req, res) => {
    res.writeHead(413, { connection: "close", "content-length": 3 }).end("big");
  });
  const { port } = new URL(dispatcher.url);
  const req = request({ port, path: "/mcp", method: "POST" });
  req.on("error", () => {});
  req.write("x".repeat(100_000));
  const [res]: [IncomingMessage] = (await once(req, "response")) as [IncomingMessage];
  expect([res.statusCode, res.headers.connection]).toEqual([413, "close"]);
  expect(await bodyOf(res)).toBe("big");
  req.destroy();
});

it("knows one path", async () => {
  await addReplica(answer("here"));
  const { origin } = new URL(dispatcher.url);
  expect((await fetch(`${origin}/`, { method: "POST" })).status).toBe(404);
  expect((await fetch(`${origin}/mcpx`, { method: "POST" })).status).toBe(404);
});

it("lets answers that are under way finish when it closes", async () => {
  let finish = () => {};
  await addReplica((_req, res) => {
    res.writeHead(200).write("first ");
    finish = () => res.end("last");
  });
  const response = await post();
  const closed = dispatcher.close();
  finish();
  expect(await response.text()).toBe("first last");
  await closed;
  await expect(post()).rejects.toThrow();
});

it("says whether others than this machine can reach it", async () => {
  expect(dispatcher.isLocal).toBe(true);
  const open = await startDispatcher({ host: "0.0.0.0", port: 0 });
  expect(open.isLocal).toBe(false);
  await open.close();
});
