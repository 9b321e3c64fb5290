/**
 * The client's end of stdio: a server process that starts with the first request, and restarts
 * after it has exited.
 *
 * @spec basic/transports/stdio
 */
import type { JSONRPCRequest } from "../../protocol/json-rpc.ts";
import { type DualTransport, isModernEra } from "../era.ts";
import { LegacyProcess, type LegacyProcessInit, type LoadProcessClient } from "./legacy-client.ts";
import { type StdioTransportOptions, withTransportDefaults } from "./options.ts";
import { ServerProcess } from "./server-process.ts";
import { requireCommand, type StdioCommand } from "./spawn-command.ts";

export interface StdioTransport extends DualTransport {
  /** The id of the server process, while one runs. */
  readonly pid: number | undefined;
  /**
   * Starts the server process for a request, unless one runs, and does not send the request. `serve`
   * starts it, too; a failure of `start` shows that no server has received the request.
   *
   * @throws {TransportError} `closed` if the process does not start, exits at once, or has exited too
   * often; then with `retryAfterMs`
   */
  readonly start: (request: JSONRPCRequest, signal: AbortSignal) => Promise<void>;
}

/**
 * Creates a transport to a server over its standard input and output. The process starts with the
 * first request and is shared by all requests. While none is in flight, it does not keep this
 * process from exiting.
 *
 * When the server exits, the requests in flight, subscriptions included, reject with a
 * `TransportError` of the reason `closed`. The next request restarts the server. After too many exits
 * it rejects with `retryAfterMs`, the time until a restart is permitted again.
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
  load?: LoadProcessClient,
): StdioTransport {
  requireCommand(command);
  const { probeTimeoutMs, era = "auto" } = options;
  const isDual = load !== undefined && probeTimeoutMs !== 0 && !isModernEra(era);
  const init: LegacyProcessInit = {
    ...options,
    command,
    // Read with the first session; by then the client has set it.
    get answer() {
      return transport.answer;
    },
  };
  const legacy = isDual ? new LegacyProcess(init, load) : undefined;
  const server = new ServerProcess(command, withTransportDefaults(options), legacy);
  const transport: StdioTransport = {
    serve: (request, context) => server.serve(request, context),
    start: (request, signal) => server.start(request, signal),
    mirrorsHeaders: false,
    close: () => server.close(),
    answer: undefined,
    abandon: (requestState) => legacy?.abandon(requestState),
    get era() {
      return server.era;
    },
    get pid() {
      return server.pid;
    },
  };
  return transport;
}
