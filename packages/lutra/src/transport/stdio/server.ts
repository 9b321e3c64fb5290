/**
 * The server's end of stdio: requests arrive on one stream, everything else is sent on another.
 *
 * @spec basic/transports/stdio
 */
import { Connection } from "./connection.ts";
import { type StdioServer, type StdioServerOptions, withServerDefaults } from "./options.ts";

export interface StdioServerHandle {
  /** Resolves when the client has disconnected or `close` was called, and all output is written. */
  readonly closed: Promise<void>;
  /** Ends subscriptions gracefully, waits for requests in flight, and aborts those that take longer. */
  readonly close: () => Promise<void>;
}

/**
 * Serves one client over standard input and output, until the input ends. A program that awaits
 * `closed` and has nothing else to do exits then.
 *
 * @throws {TypeError} for an invalid option
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
  const connection = new Connection(server, withServerDefaults(options));
  return { closed: connection.closed, close: () => connection.close() };
}
