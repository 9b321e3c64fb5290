import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { defaultConnections, limitConnections } from "./node-connection-limit.ts";

async function start(max: number) {
  const reports: number[] = [];
  const http = createHttpServer((_req, res) => void res.end("ok"));
  limitConnections(http, { max, onLimit: (limit) => reports.push(limit) });
  await once(http.listen(0, "127.0.0.1"), "listening");
  const { port } = http.address() as AddressInfo;
  const open = async () => {
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return { open, reports };
}

async function ask(socket: Socket): Promise<string> {
  socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  return text(socket);
}

it("answers a connection beyond the limit with 503, and reports the limit once", async () => {
  const { open, reports } = await start(2);
  const [first] = [await open(), await open()];
  for (const refused of [await open(), await open()]) {
    const answer = await text(refused);
    expect(answer).toMatch(/^HTTP\/1.1 503 .*Retry-After: 1\r\n/s);
  }
  expect(reports).toEqual([2]);
  expect(await ask(first as Socket)).toMatch(/^HTTP\/1.1 200 /);
});

it("accepts a connection after another one has ended", async () => {
  const { open } = await start(1);
  const first = await open();
  expect(await ask(first)).toMatch(/^HTTP\/1.1 200 /);
  await expect.poll(async () => (await ask(await open())).slice(9, 12)).toBe("200");
});

it("permits by default fewer connections than the process may open files", () => {
  expect(defaultConnections()).toBeGreaterThan(0);
  expect(defaultConnections()).toBeLessThanOrEqual(20_000);
});
