/**
 * Exchanges whose client goes away leave nothing behind: no handle, no listener, no subscription
 * and no memory beyond a bound that does not grow with their number.
 */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createServer } from "../../packages/lutra/src/server/create-server.ts";
import { defineTool } from "../../packages/lutra/src/server/tools.ts";
import type { EventBus } from "../../packages/lutra/src/stores/event-bus.ts";
import { createMemoryEventBus } from "../../packages/lutra/src/stores/memory-event-bus.ts";
import { createFetchHandler } from "../../packages/lutra/src/transport/http/fetch-handler.ts";
import { createNodeHandler } from "../../packages/lutra/src/transport/http/node-handler.ts";

const exchanges = 10_000;
const warmUp = 1000;
const parallel = 50;
/** Maximum memory that remains after 10,000 exchanges: 500 bytes for each. */
const maxGrowthBytes = 5_000_000;

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

const errors: unknown[] = [];
const onError = (error: unknown) => void errors.push(error);
const warnings: Error[] = [];
const onWarning = (warning: Error) => void warnings.push(warning);

let subscribed = 0;
let running = 0;
let begun = 0;

function countingBus(): EventBus {
  const bus = createMemoryEventBus();
  return {
    publish: bus.publish,
    subscribe: (topic, listener) => {
      const unsubscribe = bus.subscribe(topic, listener);
      subscribed += 1;
      return () => {
        subscribed -= 1;
        unsubscribe();
      };
    },
  };
}

const server = createServer({
  name: "test",
  version: "1",
  events: countingBus(),
  onError,
  tools: [
    defineTool({
      name: "wait",
      call: async (_args, context) => {
        running += 1;
        begun += 1;
        await context.progress(1);
        const { signal } = context;
        if (!signal.aborted) await once(signal, "abort");
        running -= 1;
        signal.throwIfAborted();
        return "";
      },
    }),
  ],
});

function requestOf(method: string, params: object, meta: object = {}): Request {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    ...meta,
  };
  return new Request("http://localhost/mcp", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": method,
      ...("name" in params && { "mcp-name": String(params.name) }),
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta } }),
  });
}

/** The ways in which a client may go. */
const kinds = [
  () => requestOf("tools/call", { name: "wait" }),
  () => requestOf("tools/call", { name: "wait" }, { progressToken: 1 }),
  () => requestOf("subscriptions/listen", { notifications: { toolsListChanged: true } }),
] as const;

async function rawOf(request: Request): Promise<string> {
  const body = await request.text();
  const headers = [...request.headers].map(([name, value]) => `${name}: ${value}`);
  const length = `content-length: ${Buffer.byteLength(body)}`;
  return `${["POST /mcp HTTP/1.1", "host: localhost", ...headers, length].join("\r\n")}\r\n\r\n${body}`;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Waits for the last exchanges to end; the count reveals one that does not. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 5000 && running + subscribed > 0; turns += 1) await turn();
  for (let turns = 0; turns < 20; turns += 1) await turn();
}

async function memoryAfterwards(): Promise<number> {
  await settled();
  for (let round = 0; round < 4; round += 1) {
    gc();
    await turn();
  }
  return process.memoryUsage().heapUsed;
}

/** Runs `abort` many times, some at once. */
async function abortMany(count: number, abort: (index: number) => Promise<void>): Promise<void> {
  let index = 0;
  const worker = async () => {
    while (index < count) {
      index += 1;
      await abort(index);
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

beforeAll(() => {
  process.on("warning", onWarning);
});
afterAll(() => {
  process.off("warning", onWarning);
});

async function expectNothingLeft(abort: (index: number) => Promise<void>): Promise<void> {
  await abortMany(warmUp, abort);
  const before = await memoryAfterwards();
  const resources = process.getActiveResourcesInfo().sort();
  const earlier = begun;
  await abortMany(exchanges, abort);
  const after = await memoryAfterwards();
  expect(begun - earlier).toBeGreaterThan(exchanges / 2);
  expect({ running, subscribed }).toEqual({ running: 0, subscribed: 0 });
  expect(process.getActiveResourcesInfo().sort()).toEqual(resources);
  expect(after - before).toBeLessThan(maxGrowthBytes);
  expect(errors).toEqual([]);
  expect(warnings).toEqual([]);
}

describe(`${exchanges} aborted exchanges leave nothing behind`, () => {
  it("over HTTP, in createNodeHandler", async () => {
    const http = createHttpServer(createNodeHandler(server, { onError }));
    await once(http.listen(0, "127.0.0.1"), "listening");
    const { port } = http.address() as AddressInfo;
    const texts = await Promise.all(kinds.map((kind) => rawOf(kind())));
    const half = (texts[0] ?? "").slice(0, -20);
    await expectNothingLeft(async (index) => {
      const isHalf = index % 10 === 0;
      const socket = connect(port, "127.0.0.1");
      const before = begun;
      socket.write(isHalf ? half : (texts[index % texts.length] as string));
      await once(socket, "connect");
      // Those that send nothing back are left as soon as some handler has begun.
      if (index % texts.length === 0 || isHalf)
        for (let turns = 0; begun === before && turns < 3; turns += 1) await turn();
      else await once(socket, "data");
      socket.destroy();
      await once(socket, "close");
    });
    const connections = await new Promise((resolve) =>
      http.getConnections((_e, count) => resolve(count)),
    );
    expect(connections).toBe(0);
    await new Promise((resolve) => http.close(resolve));
  }, 60_000);

  it("in createFetchHandler", async () => {
    const handle = createFetchHandler(server, { onError });
    await expectNothingLeft(async (index) => {
      const gone = new AbortController();
      const request = new Request((kinds[index % kinds.length] as () => Request)(), {
        signal: gone.signal,
      });
      const answer = handle(request);
      const isStream = index % kinds.length !== 0;
      if (isStream) await (await answer).body?.cancel();
      else await turn();
      gone.abort();
      await answer;
    });
  }, 60_000);
});
