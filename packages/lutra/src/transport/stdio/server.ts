/**
 * The server's end of stdio: requests arrive on one stream, everything else is sent on another.
 *
 * @spec basic/transports/stdio
 */
import { requireServe } from "../../protocol/known-members.ts";
import { Connection } from "./connection.ts";
import type { LoadLegacyProcess } from "./legacy.ts";
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
 * @param load Loads the code for legacy clients. @default they are refused
 * @throws {TypeError} for an invalid option
 * @spec basic/transports/stdio, basic/transports/stdio#shutdown
 */
export function serveStdio(
  server: StdioServer,
  options: StdioServerOptions = {},
  load?: LoadLegacyProcess,
): StdioServerHandle {
  requireServe("serveStdio", server);
  const connection = new Connection(server, withServerDefaults(options), load);
  return { closed: connection.closed, close: () => connection.close() };
}
