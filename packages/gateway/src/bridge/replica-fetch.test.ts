import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { ResponseBudget } from "../delivery/response-budget.ts";
import { systemClock } from "../replicas/clock.ts";
import { ConnectionPool } from "../wire/connection-pool.ts";
import type { WireDispatcher } from "../wire/handler.ts";
import { replicaFetch } from "./replica-fetch.ts";

async function start(
  listener: RequestListener,
  { maxBytes = 1e9 }: { readonly maxBytes?: number } = {},
) {
  let connections = 0;
  const server = createServer(listener).on("connection", () => {
    connections += 1;
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const pool = new ConnectionPool(new URL(`http://127.0.0.1:${port}`), {});
  onTestFinished(async () => {
    await pool.destroy();
    server.closeAllConnections();
    server.close();
  });
  const responses = new ResponseBudget({ maxBytes, waitMs: 1 }, systemClock);
  const send = replicaFetch(pool, responses);
  const controller = new AbortController();
  const { signal } = controller;
  const request = (init: RequestInit = {}, path = "/mcp?a=b") =>
    send(`http://127.0.0.1:${port}${path}`, {
      ...{ method: "POST", headers: [["x-a", "1"]], body: "{}", signal },
      ...init,
    });
  return { request, controller, responses, connections: () => connections };
}

async function textOf({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  const chunks: Uint8Array[] = [];
  for (;;) {
    const { done = true, value } = (await reader?.read()) ?? {};
    if (done || value === undefined) return Buffer.concat(chunks).toString();
    chunks.push(value);
  }
}

it("sends the request as it is, and returns the head and the body", async () => {
  const { request } = await start(async (req, res) => {
    const { method, url, headers } = req;
    const [chunk] = await once(req, "data");
    res.writeHead(404, { "content-type": "application/json", "x-two": ["1", "2"] });
    const encoding = headers["accept-encoding"];
    res.end(JSON.stringify([method, url, headers["x-a"], encoding, String(chunk)]));
  });
  const response = await request();
  expect([response.ok, response.status]).toEqual([false, 404]);
  const names = ["content-type", "x-two", "x-three"];
  const values = names.map((name) => response.headers.get(name));
  expect(values).toEqual(["application/json", "1, 2", null]);
  expect(JSON.parse(await textOf(response))).toEqual(["POST", "/mcp?a=b", "1", "identity", "{}"]);
});

it("uses a connection again after a body that is discarded", async () => {
  const answer: RequestListener = (req, res) => {
    req.resume().on("end", () => res.writeHead(202, { "content-length": 2 }).end("{}"));
  };
  const { request, connections } = await start(answer);
  for (let turn = 0; turn < 3; turn += 1) await (await request()).body?.cancel();
  expect(connections()).toBe(1);
});

it("ends a stream that is discarded, or whose signal aborts", async () => {
  const closed: Promise<unknown>[] = [];
  const { request, controller } = await start((req, res) => {
    closed.push(once(res, "close"));
    req.resume();
    res.writeHead(200, { "content-type": "text/event-stream" }).write(": begin\n\n");
  });
  const [discarded, aborted] = [await request(), await request()];
  await discarded.body?.cancel();
  const reader = aborted.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(": begin\n\n");
  const read = reader?.read();
  controller.abort(new Error("enough"));
  await expect(read).rejects.toThrow();
  await Promise.all(closed);
});

it("rejects with the code of a connection that failed", async () => {
  const pool = new ConnectionPool(new URL("http://127.0.0.1:1"), {});
  onTestFinished(() => pool.destroy());
  const { signal } = new AbortController();
  const init = { method: "GET", headers: [], body: null, signal } as const;
  const responses = new ResponseBudget({ maxBytes: 1, waitMs: 1 }, systemClock);
  const sent = replicaFetch(pool, responses)("http://127.0.0.1:1/", init as unknown as RequestInit);
  await expect(sent).rejects.toMatchObject({ code: "ECONNREFUSED" });
});

it("refuses a body that waits too long for memory, and returns the memory of others", async () => {
  const { request, responses } = await start((_req, res) => res.end(Buffer.alloc(1_000_000)), {
    maxBytes: 1000,
  });
  const [first, second] = await Promise.all([request(), request()]);
  const exempt = responses.share();
  void exempt.fit(2000, 2000);
  await expect(textOf(second)).rejects.toMatchObject({ reason: "http", status: 503 });
  exempt.release();
  expect(await textOf(first)).toHaveLength(1_000_000);
  await expect.poll(() => responses.inUse).toBe(0);
});

it("returns all memory of a body that is refused after it has arrived", async () => {
  const pool: WireDispatcher = {
    dispatch: (_options, handler) => {
      handler.onConnect(() => {});
      handler.onHeaders(200, [], () => {});
      // The first part is counted; the second one needs more than there is.
      for (const size of [100_000, 150_000, 1]) handler.onData(Buffer.alloc(size));
      handler.onComplete();
      return true;
    },
  };
  const responses = new ResponseBudget({ maxBytes: 300_000, waitMs: 1 }, systemClock);
  const exempt = responses.share();
  void exempt.fit(300_001, 300_001);
  responses.shrink(exempt, 0);
  const { signal } = new AbortController();
  const init = { method: "POST", headers: [], body: "{}", signal } as const;
  const response = await replicaFetch(pool, responses)("http://a/", init as unknown as RequestInit);
  await expect(textOf(response)).rejects.toMatchObject({ status: 503 });
  exempt.release();
  expect(responses.inUse).toBe(0);
});

it("does not count the events of a stream that have been read", async () => {
  const event = Buffer.from(`data: ${"x".repeat(60_000)}\n\n`);
  const { request, responses } = await start(async (_req, res) => {
    for (let sent = 0; sent < 20; sent += 1) {
      if (!res.write(event)) await once(res, "drain");
    }
    res.end();
  });
  const held: number[] = [];
  const share = responses.share.bind(responses);
  responses.share = () => {
    const own = share();
    const fit = own.fit.bind(own);
    own.fit = (bytes, whole) => {
      held.push(bytes);
      return fit(bytes, whole);
    };
    return own;
  };
  expect(await textOf(await request())).toHaveLength(20 * event.length);
  expect(Math.max(0, ...held)).toBeLessThan(10 * event.length);
});
