/** The memory of a server after many sessions, and how fast a slow reader is dropped. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { createServed } from "./fixture.ts";
import {
  type Endpoint,
  eventsOf,
  fetchEndpoint,
  type HttpSession,
  nodeEndpoint,
  openSession,
} from "./wire.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** The bytes in use after everything else has been collected. */
async function bytesInUse(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise(setImmediate);
    collect();
  }
  return process.memoryUsage().heapUsed;
}

async function openMany({ http }: Endpoint, count: number): Promise<void> {
  const initialize = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: {} },
  };
  const headers = { "content-type": "application/json" };
  const ping = JSON.stringify({ jsonrpc: "2.0", id: 2, method: "ping" });
  for (let index = 0; index < count; index += 1) {
    const opened = await http({ method: "POST", headers, body: JSON.stringify(initialize) });
    await opened.text();
    const id = opened.headers.get("mcp-session-id") ?? "";
    const all = { ...headers, "mcp-session-id": id };
    const response = await http({ method: "POST", headers: all, body: ping });
    if (response.status !== 200) throw new Error(`HTTP ${response.status}`);
    await response.text();
  }
}

it("keeps nothing of 10,000 sessions but the 1000 ids that were opened last", async () => {
  const { server } = createServed();
  const endpoint = await fetchEndpoint(server);
  await openMany(endpoint, 1500);
  const before = await bytesInUse();
  await openMany(endpoint, 10_000);
  expect((await bytesInUse()) - before).toBeLessThan(1_000_000);
});

it("returns to its start after calls, questions and streams whose clients have left", async () => {
  const served = createServed();
  const endpoint = await nodeEndpoint(served.server, { onError: () => {} });

  async function visit(): Promise<void> {
    const capabilities = { elicitation: {}, roots: {} };
    const session: HttpSession = await openSession(endpoint.http, { capabilities });
    const gone = new AbortController();
    const stream = await session.get({}, gone.signal);
    await eventsOf(stream).next();
    const asked = session.call("ask");
    asked.catch(() => {});
    await session.first("elicitation/create");
    await session.result("resources/subscribe", { uri: "file:///a" });
    void session.requestAs("w", "tools/call", { name: "wait", arguments: {} });
    await session.first("notifications/message");
    gone.abort();
    await session.delete();
  }

  for (let turn = 0; turn < 50; turn += 1) await visit();
  const before = await bytesInUse();
  for (let turn = 0; turn < 300; turn += 1) await visit();
  const grown = (await bytesInUse()) - before;
  await endpoint.close();
  expect(grown / 300).toBeLessThan(8000);
});
