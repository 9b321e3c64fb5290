/** Requests of 4 MiB in chunks of one byte, at the same time. */
import { once } from "node:events";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { headersOf } from "./attack-request.ts";
import { startAttacked } from "./attacked-process.ts";
import { megabytes, milliseconds, type Outcome, type Part, reasonOf } from "./part.ts";
import type { Watched } from "./watch-process.ts";

/** Maximum memory that the requests take together, in bytes. */
const maxBytes = 300_000_000;
const mebibyte = 1024 * 1024;

export const chunks: Part = {
  name: "chunks",
  title: `Chunks: at most ${megabytes(maxBytes)} for eight requests of 4 MiB in one-byte chunks`,
  columns: ["requests", "outcome", "pause", "memory"],
  run: async (form) => [
    form === "short" ? await attack(1, mebibyte) : await attack(8, 4 * mebibyte),
  ],
};

async function attack(count: number, bodyBytes: number): Promise<Outcome> {
  const process = await startAttacked("./message-server.ts", []);
  try {
    await process.ask("begin");
    const url = new URL(process.ready as string);
    const answers = await Promise.all(
      Array.from({ length: count }, () => sendChunks(url, bodyBytes)),
    );
    const { pauseMs, grownBytes } = (await process.ask("report")) as Watched;
    const outcome = [...new Set(answers)].join(", ");
    const what = `${count} of ${bodyBytes / mebibyte} MiB`;
    const cells = [what, outcome, milliseconds(pauseMs), megabytes(grownBytes)];
    return { cells, isHeld: grownBytes <= maxBytes };
  } catch (error) {
    return { cells: [String(count), reasonOf(error), "", ""], isHeld: false };
  } finally {
    process.stop();
  }
}

/** Sends one request. Returns the first line of its response. */
async function sendChunks(
  { host, hostname, port, pathname }: URL,
  bodyBytes: number,
): Promise<string> {
  const socket = connect(Number(port), hostname);
  const response = text(socket);
  // A reset while the body is sent rejects it, too, and is the outcome.
  response.catch(() => {});
  const headers = { ...headersOf({ method: "tools/list" }), "transfer-encoding": "chunked" };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n`);
  socket.write(`${lines.join("")}\r\n`);
  const part = Buffer.from("1\r\na\r\n".repeat(8192));
  for (let sent = 0; sent < bodyBytes; sent += 8192) {
    if (!socket.write(part)) await once(socket, "drain");
  }
  socket.write("0\r\n\r\n");
  return (await response).split("\r\n", 1)[0] ?? "";
}
