/** Clients that do not read their responses. */
import { once } from "node:events";
import {
  createServer as createHttpServer,
  type RequestListener,
  type ServerResponse,
} from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { createServer } from "../../server/create-server.ts";
import { defineTool } from "../../server/tools.ts";
import { createNodeHandler } from "./node-handler.ts";
import { closeSlowReaders, type ReaderLimits } from "./node-readers.ts";
import { listenHttp } from "./node-serve.ts";

const bytes = 5_000_000;
const big = defineTool({ name: "big", call: () => "x".repeat(bytes) });
const quick = { stallMs: 60_000, checkMs: 20, maxBytes: 1e9, maxTotalBytes: 1e9 };

/** Starts a server and calls its tool on connections that read nothing. */
async function start(readers: number, limits: Partial<ReaderLimits>) {
  const server = createServer({ name: "test", version: "1", tools: [big] });
  const http = createHttpServer(createNodeHandler(server));
  const open = new Set<Socket>();
  let opened = 0;
  http.on("connection", (socket) => {
    opened += 1;
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  closeSlowReaders(http, { ...quick, ...limits });
  await once(http.listen(0, "127.0.0.1"), "listening");
  const { port } = http.address() as AddressInfo;
  const clients = Array.from({ length: readers }, () => {
    const socket = connect(port, "127.0.0.1").pause();
    socket.on("error", () => {});
    socket.write(callOf("big", port));
    return socket;
  });
  onTestFinished(() => {
    for (const socket of clients) socket.destroy();
    http.closeAllConnections();
    http.close();
  });
  await expect.poll(() => opened).toBe(readers);
  const unsent = () => [...open].reduce((sum, socket) => sum + socket.writableLength, 0);
  return { open, clients, unsent };
}

function callOf(name: string, port: number): string {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, _meta } };
  const body = JSON.stringify(message);
  return [
    "POST /mcp HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/json",
    "Accept: application/json, text/event-stream",
    "MCP-Protocol-Version: 2026-07-28",
    "Mcp-Method: tools/call",
    `Mcp-Name: ${name}`,
    `Content-Length: ${body.length}`,
    "",
    body,
  ].join("\r\n");
}

it("closes a connection whose client has not read for the time limit", async () => {
  const { open, unsent } = await start(1, { stallMs: 300 });
  await expect.poll(unsent).toBeGreaterThan(0);
  await expect.poll(() => open.size, { timeout: 10_000 }).toBe(0);
});

it("keeps a connection whose client reads slowly", async () => {
  const { open, clients, unsent } = await start(1, { stallMs: 2000 });
  await expect.poll(unsent).toBeGreaterThan(0);
  let received = 0;
  while (received < bytes) {
    const chunk: Buffer | null = clients[0]?.read(Math.min(100_000, bytes - received)) ?? null;
    if (chunk !== null) received += chunk.length;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(open.size).toBe(1);
});

it("closes a stalled connection with too much unsent data at once", async () => {
  const { open } = await start(1, { maxBytes: 100_000 });
  await expect.poll(() => open.size, { timeout: 10_000 }).toBe(0);
});

it("bounds the unsent data of all connections", async () => {
  const maxTotalBytes = 3.5 * bytes;
  const { open, unsent } = await start(20, { maxTotalBytes });
  await expect.poll(() => open.size, { timeout: 20_000 }).toBe(3);
  expect(unsent()).toBeLessThanOrEqual(maxTotalBytes);
});

it("applies to every server that listens", async () => {
  // One buffer, whose memory all connections share, above the limit of one connection.
  const large = Buffer.alloc(80_000_000);
  const responses: ServerResponse[] = [];
  const handle: RequestListener = (_req, res) => {
    responses.push(res);
    res.end(large);
  };
  const endpoint = await listenHttp({ handle, close: async () => {} }, { port: 0, drainMs: 0 });
  const socket = connect(endpoint.port, "127.0.0.1").pause();
  socket.on("error", () => {});
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await expect.poll(() => responses[0]?.destroyed).toBe(true);
  expect(socket.bytesRead).toBeLessThan(large.length);
  socket.destroy();
  await endpoint.close();
});
