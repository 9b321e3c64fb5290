/** The targets of a client. */
import type { Serve, Transport } from "../protocol/exchange.ts";
import type { HttpTransportOptions } from "../transport/http/client.ts";
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

/** Creates the transport to a target. */
export type Connect = (target: Target, options: HttpTransportOptions) => Connection;

/** Creates the transport to an MCP endpoint. */
export function connectHttp(
  target: string | URL,
  options: HttpTransportOptions,
  createHttpTransport: (url: URL, options: HttpTransportOptions) => Transport,
): Connection {
  const url = new URL(target);
  const transport = createHttpTransport(url, options);
  // The query is not shown, because it may contain secrets.
  return { transport, server: url.origin + url.pathname, address: url.href };
}

/** Creates the transport to a server in this process. A transport is used as it is. */
export function connectInMemory(target: ServeTarget): Connection {
  const transport = isTransport(target) ? target : createMemoryTransport(target);
  const { info } = target as { readonly info?: { readonly name?: unknown } };
  return { transport, server: typeof info?.name === "string" ? info.name : "in memory" };
}

export function isCommand(target: Target): target is StdioCommand {
  return typeof target === "object" && "command" in target;
}

export function isServeTarget(target: Target): target is ServeTarget {
  return typeof target === "object" && "serve" in target && typeof target.serve === "function";
}

/** Returns a command as it is shown to the user, without arguments, which may contain secrets. */
export function commandLine({ command, args = [] }: StdioCommand): string {
  return args.length === 0 ? command : `${command} …`;
}

function isTransport(target: ServeTarget): target is Transport {
  return "mirrorsHeaders" in target && "close" in target;
}
