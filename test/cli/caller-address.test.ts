/** The address by which the replicas of `lutra up` distinguish callers without a principal. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { send } from "./http.ts";
import { endLutra, type RunningServer, startLutra } from "./run-lutra.ts";

let server: RunningServer;
beforeAll(async () => {
  const options = ["--replicas", "1", "--trusted-proxy", "127.0.0.1"];
  server = await startLutra("up", "one-call.mjs", ...options);
});
afterAll(() => endLutra(server));

/** Calls the tool as a proxy that appends the client's address does; returns the HTTP status. */
async function call(forwardedFor: string): Promise<number> {
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "a",
    "x-forwarded-for": forwardedFor,
  };
  return (await send(server.url, "tools/call", { name: "a" }, { headers })).status;
}

it("a client behind a proxy has one address, whatever it claims", async () => {
  expect(await call("203.0.113.1, 198.51.100.1")).toBe(200);
  expect(await call("203.0.113.2, 198.51.100.1")).toBe(429);
  expect(await call("203.0.113.1, 198.51.100.2")).toBe(200);
});
