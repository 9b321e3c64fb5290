/** The address by which the replicas of `lutra up` distinguish callers without a principal. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { send } from "./http.ts";
import { endLutra, type RunningServer, startLutra } from "./run-lutra.ts";

let server: RunningServer;
const open: AbortController[] = [];
beforeAll(async () => {
  const options = ["--replicas", "1", "--trusted-proxy", "127.0.0.1"];
  server = await startLutra("up", "one-subscription.mjs", ...options);
});
afterAll(async () => {
  for (const controller of open) controller.abort();
  await endLutra(server);
});

/** Subscribes as a proxy that appends the client's address does; returns the HTTP status. */
async function subscribe(forwardedFor: string): Promise<number> {
  const controller = new AbortController();
  open.push(controller);
  const headers = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "subscriptions/listen",
    "x-forwarded-for": forwardedFor,
  };
  const params = { notifications: { toolsListChanged: true } };
  const init = { headers, signal: controller.signal };
  return (await send(server.url, "subscriptions/listen", params, init)).status;
}

it("a client behind a proxy has one address, whatever it claims", async () => {
  expect(await subscribe("203.0.113.1, 198.51.100.1")).toBe(200);
  expect(await subscribe("203.0.113.2, 198.51.100.1")).toBe(429);
  expect(await subscribe("203.0.113.1, 198.51.100.2")).toBe(200);
});
