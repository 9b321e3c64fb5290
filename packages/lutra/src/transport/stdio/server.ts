/**
 * The server's end of stdio: requests come in on one stream, everything else leaves on another.
 *
 * @spec basic/transports/stdio
 */
import type { Readable, Writable } from "node:stream";
import type { Serve } from "../../protocol/exchange.ts";
import { Connection } from "./connection.ts";
import { defaultMaxBufferedBytes } from "./line-writer.ts";
import { defaultMaxLineBytes } from "./lines.ts";

export interface StdioServerOptions {
  /**
   * Where requests come from. Any byte stream will do, such as a socket.
   *
   * @default process.stdin
   */
  readonly input?: Readable;
  /**
   * Where messages go. While `process.stdout` is in use for this, what else is written to it, by
   * `console.log` for instance, goes to `stderr`.
   *
   * @default process.stdout
   */
  readonly output?: Writable;
  /** Requests that run at once; more of them wait, and at last reading pauses. @default 1024 */
  readonly maxInFlight?: number;
  /** A longer message is answered with a parse error. @default 16 MiB */
  readonly maxLineBytes?: number;
  /** The server closes when more than this waits for a client that does not read. @default 64 MiB */
  readonly maxBufferedBytes?: number;
  /** How long `close` waits for requests in flight to end, and for output to leave. @default 1000 */
  readonly graceMs?: number;
  /** Hears of failures whose cause the client is not told. @default writes to `console.error` */
  readonly onError?: (error: unknown) => void;
}

export interface StdioServerHandle {
  /** Resolves once the client is gone or `close` was called, and all output has left. */
  readonly closed: Promise<void>;
  /** Ends subscriptions gracefully, waits for what is in flight, and aborts what takes longer. */
  readonly close: () => Promise<void>;
}

/** What `serveStdio` needs of a server. */
export interface StdioServer {
  readonly serve: Serve;
  /** Ends subscriptions, each with its result. */
  readonly close: () => Promise<void>;
}

/**
 * Serves one client over standard input and output. Ends when the input does: a program that waits
 * for `closed` and has nothing else to do then exits.
 *
 * @throws {TypeError} for an option that makes no sense
 * @spec basic/transports/stdio, basic/transports/stdio#shutdown
 * @example
 * ```ts
 * await serveStdio(server).closed;
 * ```
 */
export function serveStdio(
  server: StdioServer,
  options: StdioServerOptions = {},
): StdioServerHandle {
  const connection = new Connection(server, withDefaults(options));
  return { closed: connection.closed, close: () => connection.close() };
}

function withDefaults(options: StdioServerOptions): Required<StdioServerOptions> {
  const { maxInFlight = 1024, graceMs = 1000 } = options;
  if (!(maxInFlight >= 1)) throw new TypeError("maxInFlight: expected a positive number");
  if (!(graceMs >= 0)) throw new TypeError("graceMs: expected milliseconds");
  return {
    input: options.input ?? process.stdin,
    output: options.output ?? process.stdout,
    maxInFlight,
    maxLineBytes: options.maxLineBytes ?? defaultMaxLineBytes,
    maxBufferedBytes: options.maxBufferedBytes ?? defaultMaxBufferedBytes,
    graceMs,
    onError: options.onError ?? ((error) => console.error(error)),
  };
}
