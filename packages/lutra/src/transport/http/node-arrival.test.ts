/** Bodies that arrive slowly. */
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import { createServer } from "../../server/create-server.ts";
import { createNodeHandler } from "./node-handler.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
});

afterEach(() => void vi.useRealTimers());

/** Sends the head of a request and one byte of its body. */
async function startBody() {
  const server = createServer({ name: "test", version: "1" });
  const http = createHttpServer(createNodeHandler(server));
  await once(http.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  const headers = {
    "content-type": "application/json",
    "content-length": "1000000",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/list",
  };
  const req = request({ port, host: "127.0.0.1", path: "/mcp", method: "POST", headers });
  req.on("error", () => {});
  const answered = once(req, "response") as Promise<[IncomingMessage]>;
  answered.catch(() => {});
  req.write("{");
  while (vi.getTimerCount() === 0) await turn();
  return { req, answered };
}

it("ends a request with 408 when its body arrives more slowly than 4096 bytes a second", async () => {
  const { answered } = await startBody();
  await vi.advanceTimersByTimeAsync(7000);
  const [res] = await answered;
  expect([res.statusCode, res.headers.connection]).toEqual([408, "close"]);
});

it("ends a request whose body takes more than two minutes, at any rate", async () => {
  const { req, answered } = await startBody();
  let bytes = 0;
  for (let second = 0; second < 121; second += 1) {
    await new Promise((resolve) => req.write(" ".repeat(5000), resolve));
    bytes += 5000;
    await turn();
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(bytes).toBeLessThan(1_000_000);
  const [res] = await answered;
  expect(res.statusCode).toBe(408);
});

it("stops watching when the client disconnects", async () => {
  const { req } = await startBody();
  expect(vi.getTimerCount()).toBeGreaterThan(0);
  req.destroy();
  while (vi.getTimerCount() > 0) await turn();
});
