/** Requests of 4 MiB in chunks of one byte, at the same time. */
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { headersOf } from "./attack-request.ts";
import { startAttacked } from "./attacked-process.ts";
import { measureAll, megabytes, type Outcome, type Part, pauseCells, unanswered } from "./part.ts";
import type { Watched } from "./watch-process.ts";

/** Maximum memory that the requests take together, in bytes. */
const maxBytes = 300_000_000;
const mebibyte = 1024 * 1024;
/** Time after which the requests end, because a server takes more than a second for 1 MiB. */
const maxSendMs = 30_000;

export const chunks: Part = {
  name: "chunks",
  title: `Chunks: at most ${megabytes(maxBytes)} for eight requests of up to 4 MiB in one-byte chunks`,
  columns: ["requests", "outcome", "pause", "clock", "memory"],
  maxMs: 60_000,
  run: (form, onOutcome) =>
    measureAll(
      [() => (form === "short" ? attack(1, mebibyte) : attack(8, 4 * mebibyte))],
      onOutcome,
    ),
};

async function attack(count: number, bodyBytes: number): Promise<Outcome> {
  const process = await startAttacked("./message-server.ts", []);
  try {
    await process.ask("begin");
    const url = new URL(process.ready as string);
    const end = performance.now() + maxSendMs;
    const sent = await Promise.all(
      Array.from({ length: count }, () => sendChunks(url, { bodyBytes, end })),
    );
    const watched = (await process.ask("report")) as Watched;
    const { grownBytes } = watched;
    const outcome = [...new Set(sent.map(({ answer }) => answer))].join(", ");
    const least = Math.min(...sent.map(({ sentBytes }) => sentBytes));
    const what = `${count} of ${(least / mebibyte).toFixed(1)} MiB`;
    const cells = [what, outcome, ...pauseCells(watched), megabytes(grownBytes)];
    return { cells, isHeld: grownBytes <= maxBytes };
  } catch (error) {
    return unanswered(String(count), error, chunks.columns);
  } finally {
    process.stop();
  }
}

interface Chunks {
  readonly bodyBytes: number;
  /** The time at which the body ends, even if it is shorter. */
  readonly end: number;
}

/** Sends one request. Returns the first line of its response, and the size of the body. */
async function sendChunks(
  { host, hostname, port, pathname }: URL,
  { bodyBytes, end }: Chunks,
): Promise<{ readonly answer: string; readonly sentBytes: number }> {
  const socket = connect(Number(port), hostname);
  const response = text(socket);
  // A reset while the body is sent rejects it, too, and is the outcome.
  response.catch(() => {});
  const headers = { ...headersOf({ method: "tools/list" }), "transfer-encoding": "chunked" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n`);
  socket.write(`${lines.join("")}\r\n`);
  const part = Buffer.from("1\r\na\r\n".repeat(8192));
  let sentBytes = 0;
  while (sentBytes < bodyBytes && performance.now() < end) {
    if (!socket.write(part)) await once(socket, "drain");
    sentBytes += 8192;
  }
  socket.write("0\r\n\r\n");
  return { answer: (await response).split("\r\n", 1)[0] ?? "", sentBytes };
}
