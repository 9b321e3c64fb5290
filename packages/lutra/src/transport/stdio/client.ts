/**
 * The client's end of stdio: a server process that starts with the first request, and restarts
 * after it has exited.
 *
 * @spec basic/transports/stdio
 */
import type { Transport } from "../../protocol/exchange.ts";
import { type StdioTransportOptions, withTransportDefaults } from "./options.ts";
import { ServerProcess } from "./server-process.ts";
import type { StdioCommand } from "./spawn-command.ts";

export interface StdioTransport extends Transport {
  /** The id of the server process, while one runs. */
  readonly pid: number | undefined;
}

/**
 * Creates a transport to a server over its standard input and output. The process starts with the
 * first request and is shared by all requests. While none is in flight, it does not keep this
 * process from exiting.
 *
 * When the server exits, the requests in flight, subscriptions included, reject with a
 * `TransportError` of the reason `closed`. The next request restarts the server.
 *
 * @throws {TypeError} for an invalid option
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
  const server = new ServerProcess(command, withTransportDefaults(options));
  return {
    serve: (request, context) => server.serve(request, context),
    mirrorsHeaders: false,
    close: () => server.close(),
    get pid() {
      return server.pid;
    },
  };
}
