/** Reads responses with the HTTP client of Node, whose parser is llhttp, without a socket. */
import { request } from "node:http";
import { Duplex } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";

export interface NodeReading {
  readonly status: number | undefined;
  /** Names and values in turn. */
  readonly raw: readonly string[];
  /** The body in Latin-1. */
  readonly body: string;
  /** True if the response was complete before its connection ended. */
  readonly endsItself: boolean;
  /** True if the connection could be used again. */
  readonly isPersistent: boolean;
}

/** Number of turns of the event loop that the client needs at most for bytes that have arrived. */
const maxTurns = 4;

/** Resolves to the response in these bytes, after which the connection ends; undefined if it is refused. */
export async function readWithNode(
  bytes: Uint8Array,
  method: string,
): Promise<NodeReading | undefined> {
  const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
  const options = { method, createConnection: () => socket as never, maxHeaderSize: 1_048_576 };
  const req = request(options);
  // Without an agent, the client would close each connection.
  req.shouldKeepAlive = true;
  req.maxHeadersCount = 0;
  let reading: NodeReading | undefined;
  let isEnded = false;
  req.on("error", () => {});
  req.on("response", (res) => {
    let body = "";
    res.on("data", (chunk: Buffer) => {
      body += chunk.toString("latin1");
    });
    res.on("error", () => {});
    res.on("end", () => {
      const { statusCode: status, rawHeaders: raw, complete } = res;
      const isPersistent = req.shouldKeepAlive;
      if (complete) reading = { status, raw, body, isPersistent, endsItself: !isEnded };
    });
  });
  req.end();
  socket.push(Buffer.from(bytes));
  await settled(() => reading !== undefined || req.destroyed);
  isEnded = true;
  socket.push(null);
  await settled(() => reading !== undefined);
  socket.destroy();
  return reading;
}

async function settled(isOver: () => boolean): Promise<void> {
  for (let count = 0; count < maxTurns && !isOver(); count += 1) await turn();
}
