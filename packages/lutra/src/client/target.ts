/** The targets of a client. */
import type { Serve, Transport } from "../protocol/exchange.ts";
import type { EraOptions } from "../transport/era.ts";
import { addressOf, type HttpTransportOptions, parseEndpoint } from "../transport/http/client.ts";
import { createMemoryTransport } from "../transport/memory.ts";
import type { StdioCommand } from "../transport/stdio/spawn-command.ts";

/** A server in this process, or another value that answers requests. */
export interface ServeTarget {
  readonly serve: Serve;
}

/** An MCP endpoint's URL, a command that starts a server, a server in memory, or a transport. */
export type Target = string | URL | StdioCommand | ServeTarget;

/** A transport to a server, and the server's names. */
export interface Connection {
  readonly transport: Transport;
  /** The name of the server in front of the user. */
  readonly server: string;
  /** The server's name in shared caches; absent for a server that only this client uses. */
  readonly address?: string;
}

/** The options of a client that concern its transport. */
interface ConnectOptions extends HttpTransportOptions, EraOptions {}

/** Creates the transport to a target. */
export type Connect = (target: Target, options: ConnectOptions) => Connection;

/** The transports of a platform. */
export interface Transports {
  readonly createHttpTransport: (url: URL, options: ConnectOptions) => Transport;
  /** Absent where no process can be started. */
  readonly createStdioTransport?: (command: StdioCommand, options: EraOptions) => Transport;
}

/** Returns the function that connects to targets by the transports of a platform. */
export function connectBy(transports: Transports): Connect {
  const { createStdioTransport } = transports;
  return (target, options) => {
    if (isServeTarget(target)) return connectInMemory(target);
    if (!isCommand(target)) return connectHttp(parseEndpoint(target), options, transports);
    if (createStdioTransport === undefined) {
      throw new TypeError(
        "createClient: commands can be started only on Node, Bun and Deno; pass the URL of the server",
      );
    }
    const { era, verdicts, probeTimeoutMs, inputWaitMs } = options;
    const own = { era, verdicts, probeTimeoutMs, inputWaitMs };
    const transport = createStdioTransport(target, own);
    return { transport, server: commandLine(target) };
  };
}

function connectHttp(
  url: URL,
  options: ConnectOptions,
  { createHttpTransport }: Transports,
): Connection {
  const transport = createHttpTransport(url, options);
  return { transport, server: addressOf(url), address: url.href };
}

/** Creates the transport to a server in this process. A transport is used as it is. */
function connectInMemory(target: ServeTarget): Connection {
  const transport = isTransport(target) ? target : createMemoryTransport(target);
  const { info } = target as { readonly info?: { readonly name?: unknown } };
  return { transport, server: typeof info?.name === "string" ? info.name : "in memory" };
}

function isCommand(target: Target): target is StdioCommand {
  return typeof target === "object" && "command" in target;
}

function isServeTarget(target: Target): target is ServeTarget {
  return typeof target === "object" && "serve" in target && typeof target.serve === "function";
}

/** Returns a command as it is shown to the user, without arguments, which may contain secrets. */
function commandLine({ command, args = [] }: StdioCommand): string {
  return args.length === 0 ? command : `${command} …`;
}

function isTransport(target: ServeTarget): target is Transport {
  return "mirrorsHeaders" in target && "close" in target;
}
