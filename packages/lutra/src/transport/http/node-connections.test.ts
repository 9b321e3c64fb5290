import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { refused } from "./fixtures/refused.ts";
import { HttpConnections } from "./node-connections.ts";
import { type HttpEndpoint, type ListenOptions, listenHttp } from "./node-serve.ts";

const endpoints: HttpEndpoint[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(endpoints.splice(0).map(({ close }) => close()));
});

/** A server whose test writes the responses, by the path of the request. */
async function start(options: ListenOptions = {}) {
  const handled: string[] = [];
  const responses = new Map<string, ServerResponse>();
  const waiting = new Map<string, () => void>();
  const handle = ({ url = "" }: IncomingMessage, res: ServerResponse) => {
    handled.push(url);
    responses.set(url, res);
    waiting.get(url)?.();
  };
  const service = { handle, close: async () => {} };
  const endpoint = await listenHttp(service, { port: 0, drainMs: 60_000, ...options });
  endpoints.push(endpoint);
  return {
    endpoint,
    handled,
    /** Resolves to the response of a request that is handled. */
    response: async (path: string): Promise<ServerResponse> => {
      if (!responses.has(path)) await new Promise<void>((done) => waiting.set(path, done));
      return responses.get(path) as ServerResponse;
    },
  };
}

/** A client that sends requests as bytes. */
async function open({ port }: HttpEndpoint) {
  const socket = connect(port, "127.0.0.1");
  sockets.push(socket);
  socket.on("error", () => {});
  await once(socket, "connect");
  let text = "";
  let check = () => {};
  socket.on("data", (chunk) => {
    text += chunk.toString();
    check();
  });
  return {
    send: (...paths: readonly string[]) =>
      socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`).join("")),
    write: (bytes: string) => socket.write(bytes),
    /** Resolves to everything received, once it contains a text. */
    received: (part: string) =>
      new Promise<string>((resolve) => {
        check = () => text.includes(part) && resolve(text);
        check();
      }),
    closed: () => (socket.closed ? Promise.resolve() : once(socket, "close").then(() => {})),
    text: () => text,
  };
}

describe("requests on one connection", () => {
  it("are handled one after the other when they are pipelined", async () => {
    const { endpoint, handled, response } = await start();
    const client = await open(endpoint);
    client.send("/1", "/2", "/3");
    const first = await response("/1");
    expect(handled).toEqual(["/1"]);
    first.end("first");
    (await response("/2")).end("second");
    (await response("/3")).end("third");
    const text = await client.received("third");
    expect(text.indexOf("first")).toBeLessThan(text.indexOf("second"));
    expect(handled).toEqual(["/1", "/2", "/3"]);
  });

  it("RFC 9112, 9.6: are not handled behind a response with Connection: close", async () => {
    const { endpoint, handled, response } = await start();
    const client = await open(endpoint);
    client.send("/1", "/2", "/3");
    (await response("/1")).writeHead(415, { connection: "close" }).end("first");
    await client.closed();
    expect(client.text()).toContain("first");
    expect(handled).toEqual(["/1"]);
  });

  it("are handled where responses have no `closed`, as in Deno", async () => {
    const { endpoint, response } = await start();
    const client = await open(endpoint);
    client.send("/1");
    const first = await response("/1");
    Object.defineProperty(first, "closed", { value: undefined });
    first.end("first");
    await client.received("first");
    client.send("/2");
    (await response("/2")).end("second");
    expect(await client.received("second")).toContain("first");
  });

  it("are not handled once the client has closed the connection", async () => {
    const { endpoint, handled, response } = await start();
    const client = await open(endpoint);
    client.send("/1", "/2");
    const first = await response("/1");
    for (const socket of sockets) socket.destroy();
    await once(first, "close");
    expect(handled).toEqual(["/1"]);
  });
});

it("requests of one connection do not fill the memory while the first is handled", async () => {
  const total = 20_000;
  // Requests in the chunk that is being read, which is not read to its end in parts.
  const inChunk = 65_536 / "GET / HTTP/1.1\r\nhost: x\r\n\r\n".length;
  const http = createServer();
  const connections = new HttpConnections(http);
  let parsed = 0;
  let handled = 0;
  let mostWaiting = 0;
  let first: ServerResponse | undefined;
  http.on("request", () => {
    parsed += 1;
    mostWaiting = Math.max(mostWaiting, parsed - handled);
  });
  const handle = (_req: IncomingMessage, res: ServerResponse) => {
    handled += 1;
    if (handled === 1) first = res;
    else res.end();
  };
  http.on("request", connections.inTurn(handle));
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const client = connect((http.address() as AddressInfo).port, "127.0.0.1");
  sockets.push(client);
  client.resume();
  client.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n".repeat(total));
  // Until nothing more is read.
  for (let quiet = 0, before = 0; quiet < 50; quiet = parsed > before ? 0 : quiet + 1) {
    before = parsed;
    await new Promise((resolve) => setTimeout(resolve, 1)); // time: one turn of reading
    if (parsed === 0) quiet = 0;
  }
  first?.end();
  await expect.poll(() => handled, { timeout: 10_000 }).toBe(total);
  expect(mostWaiting).toBeLessThan(inChunk + 100);
  http.close();
});

describe("closing", () => {
  it("sends Connection: close with the responses that are pending", async () => {
    const { endpoint, response } = await start();
    const client = await open(endpoint);
    client.send("/1");
    const first = await response("/1");
    const closed = endpoint.close();
    await refused(endpoint.port);
    first.end("first");
    expect((await client.received("first")).toLowerCase()).toContain("connection: close");
    await client.closed();
    await closed;
  });

  it("answers the next request on a connection that was in use", async () => {
    const { endpoint, response } = await start();
    const client = await open(endpoint);
    client.send("/1");
    const first = await response("/1");
    first.write("begun");
    await client.received("begun");
    const closed = endpoint.close();
    first.end();
    await once(first, "close");
    client.send("/2");
    (await response("/2")).end("second");
    expect((await client.received("second")).toLowerCase()).toContain("connection: close");
    await closed;
  });

  it("answers a request whose first bytes have arrived", async () => {
    const { endpoint, response } = await start();
    const client = await open(endpoint);
    client.send("/1");
    (await response("/1")).end("first");
    await client.received("first");
    client.write("GET /2 HTTP/1.1\r\n");
    const closed = endpoint.close();
    client.write("host: x\r\n\r\n");
    (await response("/2")).end("second");
    expect(await client.received("second")).toContain("second");
    await closed;
  });

  it("closes idle connections before drainMs", async () => {
    const { endpoint, handled, response } = await start();
    const [used, unused] = [await open(endpoint), await open(endpoint)];
    used.send("/1");
    (await response("/1")).end("first");
    await used.received("first");
    await Promise.all([endpoint.close(), used.closed(), unused.closed()]);
    expect(handled).toEqual(["/1"]);
  });

  it("accepts connections for lameDuckMs, with Connection: close", async () => {
    const { endpoint, response } = await start({ lameDuckMs: () => 200 });
    const closed = endpoint.close();
    const client = await open(endpoint);
    client.send("/1");
    (await response("/1")).end("first");
    expect((await client.received("first")).toLowerCase()).toContain("connection: close");
    await closed;
    const late = connect(endpoint.port, "127.0.0.1");
    await expect(once(late, "connect")).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
