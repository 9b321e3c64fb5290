/** Closes connections whose clients do not read, so that responses do not stay in memory. */
import type { Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import { connectionEvent, hasHttp2 } from "./node-listener.ts";

export interface ReaderLimits {
  /** Time without progress after which a connection with unsent data is closed, in milliseconds. */
  readonly stallMs: number;
  /** Unsent data above which a connection without progress is closed at once, in bytes. */
  readonly maxBytes: number;
  /** Unsent data of all connections above which the largest ones are closed, in bytes. */
  readonly maxTotalBytes: number;
  /** Interval between two checks, in milliseconds. */
  readonly checkMs: number;
}

/** Time without progress after which a connection with unsent data is closed, in milliseconds. */
const maxStallMs = 60_000;
/** Maximum unsent data of a connection without progress, in bytes. */
const maxUnsentBytes = 67_108_864;
/** Maximum unsent data of all connections of a server, in bytes. */
const maxTotalUnsentBytes = 268_435_456;

const defaults: ReaderLimits = {
  stallMs: maxStallMs,
  maxBytes: maxUnsentBytes,
  maxTotalBytes: maxTotalUnsentBytes,
  checkMs: 1000,
};

/** The part of a connection's data that waits, as it was at the last check. */
interface Unsent {
  /** A number that changes whenever data is sent. */
  mark: string;
  /** The time of the last progress. */
  since: number;
  bytes: number;
}

/** A connection whose client may not read. */
export interface ReadingConnection {
  /** The unsent data, in bytes. */
  readonly writableLength: number;
  /** The data that was written so far, unsent data included, in bytes. */
  readonly bytesWritten: number;
  readonly destroy: () => unknown;
  readonly once: (event: "close", listener: () => void) => unknown;
}

/**
 * Watches the connections of a server, with one timer. A connection costs nothing for each request.
 * Returns a function that adds a connection with a protocol other than HTTP/1.1.
 */
export function closeSlowReaders(
  http: HttpServer,
  limits: Partial<ReaderLimits> = {},
): (connection: ReadingConnection) => void {
  const { stallMs, maxBytes, maxTotalBytes, checkMs } = { ...defaults, ...limits };
  const connections = new Set<ReadingConnection>();
  const waiting = new Map<ReadingConnection, Unsent>();
  let timer: NodeJS.Timeout | undefined;

  function check(): void {
    const now = performance.now();
    let total = 0;
    for (const socket of connections) {
      const unsent = measure(socket, waiting.get(socket), now);
      if (unsent === undefined) {
        waiting.delete(socket);
        continue;
      }
      waiting.set(socket, unsent);
      const stalledMs = now - unsent.since;
      if (stalledMs >= stallMs || (stalledMs > 0 && unsent.bytes > maxBytes)) close(socket);
      else total += unsent.bytes;
    }
    if (total > maxTotalBytes) closeLargest(total, now);
  }

  /** Closes connections until the rest is within the limit; first those without progress. */
  function closeLargest(total: number, now: number): void {
    const isStalled = ({ since }: Unsent) => Number(now > since);
    const order = [...waiting].sort(
      ([, a], [, b]) => isStalled(b) - isStalled(a) || b.bytes - a.bytes,
    );
    let rest = total;
    for (const [socket, { bytes }] of order) {
      if (rest <= maxTotalBytes) return;
      rest -= bytes;
      close(socket);
    }
  }

  function close(socket: ReadingConnection): void {
    waiting.delete(socket);
    socket.destroy();
  }

  function add(connection: ReadingConnection): void {
    connections.add(connection);
    timer ??= setInterval(check, checkMs).unref();
    connection.once("close", () => {
      connections.delete(connection);
      waiting.delete(connection);
      if (connections.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    });
  }

  http.on(connectionEvent(http), (socket: Socket) => {
    if (!hasHttp2(socket)) add(socket);
  });
  return add;
}

/** Returns the unsent data of a connection, or undefined if there is none. */
function measure(
  socket: ReadingConnection,
  before: Unsent | undefined,
  now: number,
): Unsent | undefined {
  const bytes = socket.writableLength;
  if (bytes === 0) return undefined;
  // A large chunk is sent in parts, of which only the handle keeps count.
  const { _handle: handle } = socket as { _handle?: { readonly writeQueueSize?: number } };
  const mark = `${socket.bytesWritten - bytes} ${handle?.writeQueueSize}`;
  return before?.mark === mark ? { ...before, bytes } : { mark, since: now, bytes };
}
