import { once } from "node:events";
import { connect, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { parseConfig } from "../config/parse-config.ts";
import { Channel } from "./channel.ts";
import { FakeEnd } from "./fixtures/fake-end.ts";
import { openSharedSockets } from "./shared-sockets.ts";

const upstreams = { only: { url: "http://127.0.0.1:1/mcp" } };

async function start(max?: number) {
  const reports: number[] = [];
  const { config } = parseConfig({ listen: { port: 0 }, upstreams });
  const onLimit = (limit: number) => void reports.push(limit);
  const sockets = await openSharedSockets(config, { onLimit, ...(max && { max }) });
  onTestFinished(() => sockets.close());
  const [address] = sockets.addresses;
  const port = typeof address === "object" ? address.port : 0;
  const client = () => {
    const socket = connect({ port, host: "127.0.0.1" });
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  return { sockets, client, reports };
}

/** Adds a process that takes connections only when the test says so. */
function addProcess(sockets: Awaited<ReturnType<typeof start>>["sockets"]) {
  const end = new FakeEnd();
  const remove = sockets.add(new Channel(end));
  const given = () => end.sent.filter(({ message }) => message.name === "connection");
  const take = (open: number) => {
    const value = { ...(given().at(-1)?.message.value ?? {}), open };
    end.receive({ name: "taken", value });
  };
  return { remove, take, given: () => given().length, last: () => given().at(-1)?.handle };
}

it("passes a connection that a process has not taken to another one when it dies", async () => {
  const { sockets, client } = await start();
  const dying = addProcess(sockets);
  const socket = client();
  await expect.poll(dying.given).toBe(1);
  const other = addProcess(sockets);
  expect(other.given()).toBe(0);
  dying.remove();
  expect(other.given()).toBe(1);
  const handle = other.last();
  expect(handle).toBeInstanceOf(Socket);
  (handle as Socket).end("answer");
  expect(await text(socket)).toBe("answer");
});

it("passes connections to the process with the fewest, one at a time", async () => {
  const { sockets, client } = await start();
  const [busy, idle] = [addProcess(sockets), addProcess(sockets)];
  client();
  client();
  await expect.poll(() => [busy.given(), idle.given()]).toEqual([1, 1]);
  busy.take(10);
  idle.take(1);
  client();
  await expect.poll(idle.given).toBe(2);
  // It has not confirmed this one, so the next one goes to the other process.
  client();
  await expect.poll(busy.given).toBe(2);
  client();
  idle.take(2);
  await expect.poll(idle.given).toBe(3);
});

it("keeps connections while no process serves", async () => {
  const { sockets, client } = await start();
  const socket = client();
  await new Promise((resolve) => socket.once("connect", resolve));
  const late = addProcess(sockets);
  await expect.poll(late.given).toBe(1);
  late.take(1);
});

it("answers connections with 503 while too many wait, and reports it once", async () => {
  const { sockets, client, reports } = await start(2);
  const connected = async () => {
    const socket = client();
    await once(socket, "connect");
    return socket;
  };
  for (let count = 0; count < 2; count += 1) await connected();
  for (let count = 0; count < 2; count += 1) {
    expect(await text(await connected())).toMatch(/^HTTP\/1.1 503 .*Retry-After: 1\r\n/s);
  }
  expect(reports).toEqual([2]);
  const late = addProcess(sockets);
  late.take(1);
  await expect.poll(late.given).toBe(2);
  late.take(2);
});
