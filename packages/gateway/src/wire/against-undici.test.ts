/** The parser and that of undici, which is llhttp, read the same responses. */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type Dispatcher, Pool } from "undici";
import { expect, it, onTestFinished } from "vitest";
import { ConnectionPool } from "./connection-pool.ts";
import { readable, refused } from "./fixtures/response-cases.ts";
import type { WireDispatcher, WireHandler, WireRequest } from "./handler.ts";

interface Outcome {
  readonly status: number;
  readonly body: string;
}

/** Sends a request, and resolves to the response, or to undefined if it is refused. */
function outcomeOf(pool: WireDispatcher, path: string): Promise<Outcome | undefined> {
  return new Promise((resolve) => {
    let status = 0;
    let body = "";
    const handler: WireHandler = {
      onConnect: () => {},
      onHeaders: (received) => {
        status = received;
        return true;
      },
      onData: (chunk) => {
        body += chunk.toString("latin1");
        return true;
      },
      onComplete: () => resolve({ status, body }),
      onError: () => resolve(undefined),
    };
    pool.dispatch({ method: "POST", path, headers: [], body: "{}" }, handler);
  });
}

/** Starts a server that answers a request for `/n` with the n-th response, and two clients. */
async function start(responses: readonly string[]) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (request) => {
      const index = /^POST \/(\d+) /.exec(request.toString("latin1"))?.[1];
      socket.end(responses[Number(index)] ?? "", "latin1");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const url = new URL(`http://127.0.0.1:${port}`);
  const own = new ConnectionPool(url, {});
  const undici = new Pool(url, { pipelining: 1 });
  onTestFinished(async () => {
    await Promise.all([own.destroy(), undici.destroy()]);
    server.close();
  });
  const other: WireDispatcher = {
    dispatch: (request: WireRequest, handler: WireHandler) =>
      undici.dispatch(
        request as Dispatcher.DispatchOptions,
        handler as unknown as Dispatcher.DispatchHandler,
      ),
  };
  return async (index: number) =>
    Promise.all([outcomeOf(own, `/${index}`), outcomeOf(other, `/${index}`)]);
}

/** True where undici counts the bytes of a body that these statuses never have (RFC 9112, section 6.3). */
function isMistaken(status: number, other: Outcome | undefined): boolean {
  return other === undefined && (status === 204 || status === 304);
}

it("reads what undici reads", async () => {
  const compare = await start(readable.map(([, bytes]) => bytes));
  for (const [index, [what, , { status, body }]] of readable.entries()) {
    const [own, other] = await compare(index);
    expect(own, what).toEqual({ status, body });
    if (!isMistaken(status, other)) expect(other, what).toEqual({ status, body });
  }
});

/** The characters that separate and frame the parts of a response, and lines that frame them. */
const inserted = [
  ...["\r", "\n", "\r\n", "\r\n\r\n", " ", "\t", ":", ";", ",", "0", "5", "\0", "\x7f", ";a=b"],
  ...["HTTP/1.1 200 OK\r\n", "Content-Length: 2\r\n", "Transfer-Encoding: chunked\r\n"],
  ...["Connection: close\r\n", "0\r\n\r\n"],
];

/** Returns changed responses, always the same. */
function changed(count: number): readonly string[] {
  const originals = [...readable, ...readable, ...refused].map(([, bytes]) => bytes);
  const small = originals.filter(({ length }) => length < 1000);
  let state = 1;
  const next = (below: number) => {
    state = (state * 48_271) % 0x7fffffff;
    return state % below;
  };
  return Array.from({ length: count }, (_, index) => {
    const bytes = small[index % small.length] as string;
    const at = next(bytes.length);
    const text = next(3) === 0 ? "" : (inserted[next(inserted.length)] as string);
    return bytes.slice(0, at) + text + bytes.slice(at + next(2));
  });
}

it("reads no response that undici refuses, and none in another way", async () => {
  const responses = changed(300);
  const compare = await start(responses);
  let read = 0;
  for (let first = 0; first < responses.length; first += 20) {
    const indexes = Array.from({ length: 20 }, (_, offset) => first + offset);
    const outcomes = await Promise.all(indexes.map(compare));
    for (const [offset, [own, other]] of outcomes.entries()) {
      if (own === undefined || isMistaken(own.status, other)) continue;
      read += 1;
      expect(other, JSON.stringify(responses[first + offset])).toEqual(own);
    }
  }
  expect(read).toBeGreaterThan(50);
});
