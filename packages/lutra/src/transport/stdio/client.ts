/**
 * The client's end of stdio: a server process that is started when it is first needed, and again
 * when it has died.
 *
 * @spec basic/transports/stdio
 */
import type { Transport } from "../../protocol/exchange.ts";
import type { StdioCommand } from "./child.ts";
import type { RestartOptions } from "./restarts.ts";
import { ServerProcess } from "./server-process.ts";
import type { StderrOption } from "./stderr-log.ts";

export interface StdioTransportOptions {
  /** Where the server's `stderr` goes, and what it prints on `stdout` that is no message. @default "inherit" */
  readonly stderr?: StderrOption;
  /** How often a server that died is started again. @default 5 times in 30 seconds */
  readonly restarts?: RestartOptions;
  /**
   * How long `close` waits for the server to exit: once after closing its input, and once more
   * after `SIGTERM`. Then comes `SIGKILL`.
   *
   * @default 2000
   */
  readonly closeTimeoutMs?: number;
  /** A longer message of the server fails what is in flight. @default 16 MiB */
  readonly maxLineBytes?: number;
  /** Requests are refused while more than this waits for the server to read. @default 64 MiB */
  readonly maxBufferedBytes?: number;
}

export interface StdioTransport extends Transport {
  /** The id of the server process, while one runs. */
  readonly pid: number | undefined;
}

/**
 * Speaks to a server over its standard input and output. The process starts with the first
 * request. It is shared by all requests, and while none is in flight it does not keep this process
 * from exiting.
 *
 * A server that dies takes the requests in flight with it: they reject with a `TransportError` of
 * the reason `closed`, subscriptions included, and the next request starts the server anew.
 *
 * @throws {TypeError} for an option that makes no sense
 * @spec basic/transports/stdio#shutdown, basic/transports/stdio#unexpected-termination
 * @example
 * ```ts
 * const transport = createStdioTransport({ command: "node", args: ["server.js"] });
 * ```
 */
export function createStdioTransport(
  command: StdioCommand,
  options: StdioTransportOptions = {},
): StdioTransport {
  const server = new ServerProcess(command, options);
  return {
    serve: (request, context) => server.serve(request, context),
    mirrorsHeaders: false,
    close: () => server.close(),
    get pid() {
      return server.pid;
    },
  };
}
