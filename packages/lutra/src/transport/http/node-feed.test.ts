import { request, type ServerResponse } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { expect, it, onTestFinished } from "vitest";
import { listenHttp } from "./node-serve.ts";

/** Starts a server whose connections another server accepts. */
async function startFed(handle: (res: ServerResponse) => void, drainMs = 30_000) {
  let take: (socket: Socket) => void = () => {};
  let end = () => {};
  const accepting = createServer({ allowHalfOpen: true }, (socket) => take(socket));
  await new Promise<void>((resolve) => accepting.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void accepting.close());
  const address = accepting.address() as AddressInfo;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const service = {
    handle: (_req: unknown, res: ServerResponse) => handle(res),
    close: async () => {},
  };
  const endpoint = await listenHttp(service, {
    drainMs,
    feed: {
      address,
      connect: (next) => {
        take = next;
        return ended;
      },
    },
  });
  return { endpoint, port: address.port, end: () => end() };
}

it("answers connections that another server has accepted, at the address of that server", async () => {
  const { endpoint, port, end } = await startFed((res) => res.end("fed"));
  expect(endpoint).toMatchObject({ url: `http://127.0.0.1:${port}`, port, isLocal: true });
  const answer = await new Promise<string>((resolve, reject) => {
    const sent = request({ port, host: "127.0.0.1" }, (res) => resolve(text(res)));
    sent.on("error", reject);
    sent.end();
  });
  expect(answer).toBe("fed");
  end();
  await endpoint.close();
});

it("answers a client that has closed its side of the connection", async () => {
  const { endpoint, port, end } = await startFed((res) => void setImmediate(() => res.end("fed")));
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  expect(await text(socket)).toContain("fed");
  socket.end();
  end();
  await endpoint.close();
});

it("closes once no connections follow, and those it has are closed", async () => {
  let answer = (_text: string) => {};
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const { endpoint, port, end } = await startFed((res) => {
    answer = (content) => void res.end(content);
    begin();
  });
  const answered = fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
  await begun;
  const order: string[] = [];
  const closed = endpoint.close().then(() => order.push("closed"));
  answer("late");
  order.push(await answered, "ended");
  end();
  await closed;
  expect(order).toEqual(["late", "ended", "closed"]);
});

it("waits no longer than drainMs for the end of its connections", async () => {
  const { endpoint, end } = await startFed(() => {}, 20);
  expect(await endpoint.close()).toBeUndefined();
  end();
});
