/** Forwarded bodies and answers are streamed, with backpressure. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { callLines } from "./raw-http.ts";
import { type RunningGateway, startGatewayCommand } from "./start-gateway.ts";

const megabyte = 1_000_000;
const piece = Buffer.alloc(megabyte / 10, "x");
const pieces = 2000;

/** The handler of the next call to the upstream. */
let answer: (req: IncomingMessage, res: ServerResponse) => void;
let gateway: RunningGateway;

beforeEach(async () => {
  const http = createServer((req, res) => {
    if (req.headers["mcp-method"] === "tools/call") answer(req, res);
    // Any other request, such as a health check, gets 404.
    else req.resume().once("end", () => res.writeHead(404).end());
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  gateway = await startGatewayCommand({
    listen: { port: 0 },
    admin: false,
    log: false,
    upstreams: {
      only: {
        url: `http://127.0.0.1:${port}/mcp`,
        verify: "upstream",
        // It answers no probe.
        era: "modern",
        health: { intervalMs: 600_000 },
      },
    },
  });
});

const headers = Object.fromEntries(
  callLines("any").map((line) => line.split(": ") as [string, string]),
);

it("an answer is forwarded before the last byte of the body has arrived", async () => {
  answer = (req, res) => {
    res.writeHead(200, { "content-type": "text/event-stream" });
    res.write("data: early\n\n");
    req.resume().once("end", () => res.end("data: late\n\n"));
  };
  const { port, hostname } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  // A body is forwarded once more than 64 KiB of it are there, or all of it.
  const first = "x".repeat(70_000);
  const length = first.length + "last.".length;
  const lines = ["POST /mcp HTTP/1.1", ...callLines("any"), `Content-Length: ${length}`];
  socket.write(`${lines.join("\r\n")}\r\n\r\n${first}`);
  let text = "";
  const until = async (words: string) => {
    while (!text.includes(words)) text += String((await once(socket, "data"))[0]);
  };
  await until("data: early");
  expect(text).not.toContain("data: late");
  socket.write("last.");
  await until("data: late");
  socket.destroy();
});

describe.runIf(process.platform === "linux")("200 MB", () => {
  /** Far less than the bytes sent, but enough for chunks that are not yet garbage-collected. */
  const allowed = 80 * megabyte;

  it("of a body do not fill the gateway's memory", async () => {
    const before = peakOf(gateway);
    expect(await upload()).toBe(pieces * piece.length);
    expect(peakOf(gateway) - before).toBeLessThan(allowed);
  });

  it("of an answer are held back until the client reads them", async () => {
    const written = { pieces: 0 };
    answer = (req, res) => {
      req.resume();
      res.writeHead(200, { "content-type": "application/json" });
      void write(res, written).then(() => res.end());
    };
    const before = peakOf(gateway);
    const req = request(gateway.url, { method: "POST", headers }).end("{}");
    const [res] = (await once(req, "response")) as [IncomingMessage];
    await untilHalted(written);
    expect(written.pieces).toBeGreaterThan(0);
    expect(written.pieces).toBeLessThan(pieces);
    let length = 0;
    for await (const chunk of res) length += chunk.length;
    expect(length).toBe(pieces * piece.length);
    expect(peakOf(gateway) - before).toBeLessThan(allowed);
  });

  /**
   * Sends them to an upstream that reads once the client can't send more. Resolves to the number of
   * bytes that it received.
   */
  async function upload(): Promise<number> {
    const written = { pieces: 0 };
    let beforeRead = pieces;
    answer = async (req, res) => {
      await untilHalted(written);
      beforeRead = written.pieces;
      let length = 0;
      for await (const chunk of req) {
        length += (chunk as Buffer).length;
      }
      res.writeHead(200, { "content-type": "application/json" }).end(String(length));
    };
    const req = request(gateway.url, { method: "POST", headers });
    const answered = once(req, "response") as Promise<[IncomingMessage]>;
    await write(req, written);
    req.end();
    const [res] = await answered;
    let text = "";
    for await (const chunk of res) text += chunk;
    expect(beforeRead).toBeLessThan(pieces);
    return Number(text);
  }
});

/** Writes and counts all pieces, and waits for `drain` where necessary. */
async function write(stream: NodeJS.WritableStream, written: { pieces: number }): Promise<void> {
  while (written.pieces < pieces) {
    written.pieces += 1;
    if (!stream.write(piece)) await once(stream, "drain");
  }
}

/** Waits until no piece has been written for half a second. */
async function untilHalted(written: { readonly pieces: number }): Promise<void> {
  const before = written.pieces;
  await delay(500);
  if (written.pieces > before) await untilHalted(written);
}

/** Returns the peak memory of the process. */
function peakOf({ child }: RunningGateway): number {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}
