/** Responses over TLS, where bytes and the end can arrive although the connection is paused. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { createAuthority, hasOpenSSL } from "../fixtures/certificates.ts";
import { ConnectionPool } from "./connection-pool.ts";

const size = 400_000;
const body = Buffer.alloc(size, "abcdefghijklmnopqrstuvwxyz");
const chunked = Buffer.concat([
  Buffer.from(`${size.toString(16)}\r\n`),
  body,
  Buffer.from("\r\n0\r\n\r\n"),
]);

const framings = [
  ["with a length", `content-length: ${size}\r\n`, body],
  ["in chunks", "transfer-encoding: chunked\r\n", chunked],
  ["until the end of the connection", "", body],
] as const;

/** Starts a server that sends a response in one write, and may end the connection with it. */
async function start(response: Buffer, isLast: boolean) {
  const authority = createAuthority();
  const { cert, key } = authority.issue("replica");
  const sockets: TLSSocket[] = [];
  const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.once("data", () => (isLast ? socket.end(response) : socket.write(response)));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const ca = readFileSync(authority.ca, "utf8");
  const pool = new ConnectionPool(new URL(`https://127.0.0.1:${port}`), { ca, timeout: 5000 });
  onTestFinished(async () => {
    await pool.destroy();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { pool, sockets };
}

/** Reads a response that pauses after each part, until the event loop has polled the connection. */
function readSlowly(pool: ConnectionPool): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let resume = () => {};
    const pause = () => {
      setTimeout(() => resume(), 2); // time: bytes and the end arrive during the pause
      return false;
    };
    pool.dispatch(
      { method: "GET", path: "/", headers: [] },
      {
        onConnect: () => {},
        onHeaders: (_status, _raw, go) => {
          resume = go;
          return pause();
        },
        onData: (chunk) => {
          parts.push(chunk);
          return pause();
        },
        onComplete: () => resolve(Buffer.concat(parts)),
        onError: reject,
      },
    );
  });
}

describe.skipIf(!hasOpenSSL).each([
  ["whose connection stays open", false],
  ["whose connection ends", true],
])("a paused response over TLS %s (without openssl: skipped)", (_what, isLast) => {
  it.each(framings.filter(([, head]) => isLast || head !== ""))(
    "is complete %s",
    async (_how, head, sent) => {
      const { pool } = await start(
        Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n`), sent]),
        isLast,
      );
      const received = await readSlowly(pool);
      expect(received.length).toBe(size);
      expect(received.equals(body)).toBe(true);
    },
  );
});
