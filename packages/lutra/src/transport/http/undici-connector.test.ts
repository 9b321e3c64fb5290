import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import { type Dispatcher, Pool } from "undici";
import { expect, it, onTestFinished } from "vitest";
import { createConnector } from "./undici-connector.ts";

/** Starts a server whose responses a test writes. Returns a pool, and the sockets of both sides. */
async function connected() {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const connect = createConnector();
  let own: Socket | undefined;
  const pool = new Pool(`http://127.0.0.1:${port}`, {
    connect: (target, callback) =>
      connect(target, (error, socket) => {
        if (error === null) {
          own = socket;
          callback(null, socket);
        } else callback(error, null);
      }),
  });
  onTestFinished(async () => {
    await pool.destroy();
    server.close();
  });
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const response = new PausedResponse();
  pool.dispatch({ path: "/", method: "GET" }, response);
  const [peer] = await accepted;
  peer.on("error", () => {});
  await once(peer, "data");
  /** Waits until everything that the server has sent is in the buffer of the client. */
  const received = async (bytes: number) => {
    while ((own?.readableLength ?? 0) < bytes) await turn();
    for (let count = 0; count < 10; count += 1) await turn();
  };
  return { peer, response, received };
}

/** A response that is paused with each chunk of its body. */
class PausedResponse implements Dispatcher.DispatchHandler {
  body = "";
  controller: Dispatcher.DispatchController | undefined;
  onResponseEnd: () => void = () => {};
  onResponseError: (controller: unknown, error: Error) => void = () => {};
  readonly #waiting = new Set<() => void>();
  readonly outcome = new Promise<string>((resolve) => {
    this.onResponseEnd = () => resolve("complete");
    this.onResponseError = (_controller, error) => resolve(error.message);
  });
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    // undici reports an empty chunk when a response without a length has resumed.
    if (chunk.length === 0) return;
    this.body += Buffer.from(chunk).toString();
    controller.pause();
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** Resolves with the next chunk. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  async resume(): Promise<void> {
    this.controller?.resume();
    for (let count = 0; count < 10; count += 1) await turn();
  }
}

it.each([
  ["without a length", "HTTP/1.1 200 OK\r\n\r\n"],
  [
    "that closes its connection",
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\n",
  ],
])("a paused response %s may end", async (_what, head) => {
  const { peer, response, received } = await connected();
  const first = response.next();
  peer.write(`${head}one`);
  await first;
  peer.end("two");
  await received(3);
  await response.resume();
  expect(response.body).toBe("onetwo");
  await response.resume();
  expect(await response.outcome).toBe("complete");
});

it("a paused response may be truncated", async () => {
  const { peer, response, received } = await connected();
  const first = response.next();
  peer.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\none");
  await first;
  peer.end("two");
  await received(3);
  await response.resume();
  await response.resume();
  expect(await response.outcome).toMatch(/does not match|closed/i);
});

it("the connection of a paused response may be reset", async () => {
  const { peer, response } = await connected();
  const first = response.next();
  peer.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\none");
  await first;
  peer.resetAndDestroy();
  expect(await response.outcome).toMatch(/reset|closed/i);
});

it("a paused response may be aborted after its end", async () => {
  const { peer, response, received } = await connected();
  const first = response.next();
  peer.write("HTTP/1.1 200 OK\r\n\r\none");
  await first;
  peer.end("two");
  await received(3);
  await response.resume();
  response.controller?.abort(new Error("aborted by the test"));
  expect(await response.outcome).toBe("aborted by the test");
});
