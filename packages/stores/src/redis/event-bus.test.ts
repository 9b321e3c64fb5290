/** Disconnections at moments that a real server does not allow to choose. */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { eventGapTopic, StoreUnavailableError } from "lutra/stores";
import { expect, it, onTestFinished, vi } from "vitest";
import { createRedis, openRedis } from "./connection.ts";
import { createRedisEventBus } from "./event-bus.ts";

const info = "loading:0\r\n";

/** Implements the commands that a subscriber needs; `onCommand` may handle them instead. */
async function startServer(onCommand: (name: string, socket: Socket) => boolean | undefined) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => {}).on("close", () => sockets.delete(socket)));
    socket.on("data", (chunk) => {
      for (const [, name = ""] of chunk.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        answer(name.toLowerCase(), socket);
      }
    });
  });
  const answer = (name: string, socket: Socket) => {
    if (onCommand(name, socket)) return;
    if (name === "info") socket.write(`$${info.length}\r\n${info}\r\n`);
    else if (name === "subscribe") socket.write("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
    else socket.write("+OK\r\n");
  };
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`, breakAll };
}

async function openBus(url: string) {
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const [publisher, subscriber] = [createRedis(url, { onError }), createRedis(url, { onError })];
  onTestFinished(() => {
    for (const one of [publisher, subscriber]) one.disconnect();
  });
  for (const one of [publisher, subscriber]) await openRedis(one, url);
  const bus = await createRedisEventBus({ publisher, subscriber, channel: "c", onError });
  return { bus, errors };
}

function unhandled(): readonly unknown[] {
  const rejections: unknown[] = [];
  const listener = (reason: unknown) => void rejections.push(reason);
  process.on("unhandledRejection", listener);
  onTestFinished(() => void process.off("unhandledRejection", listener));
  return rejections;
}

it("reconnects when a connection breaks before it is subscribed", async () => {
  const rejections = unhandled();
  let subscriptions = 0;
  let breaks = 0;
  const { url, breakAll } = await startServer((name, socket) => {
    if (name !== "subscribe") return false;
    subscriptions += 1;
    if (subscriptions === 1 || breaks === 3) return false;
    breaks += 1;
    socket.destroy();
    return true;
  });
  const { errors } = await openBus(url);
  breakAll();
  await vi.waitUntil(() => breaks === 3 && subscriptions === 5, { timeout: 10_000 });
  expect(errors).not.toEqual([]);
  expect(rejections).toEqual([]);
});

it("replaces an open connection that does not answer", async () => {
  let subscriptions = 0;
  const { url, breakAll } = await startServer((name) => {
    if (name !== "subscribe") return false;
    subscriptions += 1;
    return subscriptions === 2;
  });
  await openBus(url);
  breakAll();
  await vi.waitUntil(() => subscriptions === 3, { timeout: 10_000 });
  expect(subscriptions).toBe(3);
});

it("replaces a listening connection whose server is unreachable, and reports the gap", async () => {
  const sockets = new Set<Socket>();
  const { url } = await startServer((name, socket) => {
    if (name === "subscribe") sockets.add(socket);
    return name === "ping" && sockets.size === 1;
  });
  const { bus } = await openBus(url);
  const onGap = vi.fn();
  bus.subscribe(eventGapTopic, onGap);
  await vi.waitUntil(() => onGap.mock.calls.length > 0, { timeout: 15_000 });
  expect(sockets.size).toBe(2);
});

it("notifies others of a gap when only the publishing connection breaks", async () => {
  let publications = 0;
  const { url } = await startServer((name, socket) => {
    if (name !== "publish") return false;
    publications += 1;
    if (publications > 1) socket.write(":1\r\n");
    else socket.destroy();
    return true;
  });
  const { bus } = await openBus(url);
  await expect(bus.publish("lost", {})).rejects.toBeInstanceOf(StoreUnavailableError);
  await vi.waitUntil(() => publications === 2, { timeout: 5000 });
  expect(publications).toBe(2);
});
