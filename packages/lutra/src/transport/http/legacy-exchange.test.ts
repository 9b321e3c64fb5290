/** The exchanges of legacy clients with the Node handler and with the fetch handler. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { legacyVersions } from "../../protocol/versioning.ts";
import { createFetchHandler } from "./fetch-handler.ts";
import { fetchLegacyHook } from "./fetch-legacy.ts";
import type { LegacyEndpoint, LegacyExchange } from "./legacy-hook.ts";
import { createNodeHandler } from "./node-handler.ts";

type Answer = (exchange: LegacyExchange) => Promise<void>;
type Send = (init: RequestInit) => Promise<Response>;

const server = { serve: async () => ({}) };

/** Loads an endpoint that answers all requests in one way. */
function loading(answer: Answer) {
  const endpoint = {
    post: (_received: unknown, exchange: LegacyExchange) => answer(exchange),
    get: answer,
    delete: answer,
    receive: () => {},
  } satisfies LegacyEndpoint;
  return {
    versions: legacyVersions,
    load: async () => ({ createLegacyEndpoint: () => endpoint }),
  };
}

async function startNode(answer: Answer) {
  const http = createServer(createNodeHandler(server, {}, loading(answer)));
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  const { port } = http.address() as AddressInfo;
  const send: Send = (init) => fetch(`http://127.0.0.1:${port}/`, init);
  const close = async () => {
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  };
  return { send, close };
}

async function startFetch(answer: Answer) {
  const handler = createFetchHandler(server, {}, fetchLegacyHook(loading(answer)));
  const send: Send = (init) => handler(new Request("http://localhost/", init));
  return { send, close: async () => {} };
}

const post = {
  method: "POST",
  headers: { "content-type": "application/json", "mcp-session-id": "x" },
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
};

describe.each([
  ["the Node handler", startNode],
  ["the fetch handler", startFetch],
])("an exchange of %s", (_name, start) => {
  it("reports that a client has left, also when it is asked late", async () => {
    const gone = new AbortController();
    const told: unknown[] = [];
    let finish = () => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const { send, close } = await start(async (exchange) => {
      gone.abort();
      await new Promise<void>((resolve) => exchange.onGone(resolve));
      await new Promise<void>((resolve) => exchange.onGone(resolve));
      told.push(await new Promise<boolean>((resolve) => void exchange.stream(resolve)));
      finish();
    });
    await send({ ...post, signal: gone.signal }).catch(() => {});
    await finished;
    expect(told).toEqual([false]);
    await close();
  });

  it("reports the end of a stream after it has returned the stream", async () => {
    const order: string[] = [];
    const { send, close } = await start(async (exchange) => {
      await new Promise<void>((resolve) => {
        const sink = exchange.stream((isComplete) => {
          order.push(`closed ${isComplete}`);
          resolve();
        });
        order.push("opened");
        void sink.write("data: 1\n\n");
        sink.end();
      });
    });
    const response = await send(post);
    expect(await response.text()).toBe("data: 1\n\n");
    expect(order).toEqual(["opened", "closed true"]);
    await close();
  });

  it("disconnects a reader that falls behind", async () => {
    let close = async () => {};
    const isComplete = new Promise<boolean>((resolve) => {
      const text = `data: ${"x".repeat(1_000_000)}\n\n`;
      void start(async (exchange) => {
        let isOpen = true;
        const sink = exchange.stream((complete) => {
          isOpen = false;
          resolve(complete);
        });
        // Does not wait for the reader.
        while (isOpen) {
          void sink.write(text);
          await new Promise(setImmediate);
        }
      }).then(async (started) => {
        close = started.close;
        await started.send(post);
      });
    });
    expect(await isComplete).toBe(false);
    await close();
  });

  it.each(["GET", "DELETE"])("responds to %s", async (method) => {
    const { send, close } = await start(async (exchange) => {
      exchange.respond({ status: 204 });
    });
    const headers = { "mcp-session-id": "x" };
    expect((await send({ method, headers })).status).toBe(204);
    expect((await send({ method })).status).toBe(405);
    await close();
  });
});
