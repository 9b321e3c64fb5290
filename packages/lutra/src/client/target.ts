/** What a client can speak to. */
import type { Serve, Transport } from "../protocol/exchange.ts";
import type { HttpTransportOptions } from "../transport/http/client.ts";
import { createMemoryTransport } from "../transport/memory.ts";
import type { StdioCommand } from "../transport/stdio/spawn-command.ts";

/** A server in this process, or anything else that answers requests. */
export interface ServeTarget {
  readonly serve: Serve;
}

/** An MCP endpoint's URL, a command that starts a server, a server in memory, or a transport. */
export type Target = string | URL | StdioCommand | ServeTarget;

/** A way to a server, and its names. */
export interface Connection {
  readonly transport: Transport;
  /** How the server is called in front of the user. */
  readonly server: string;
  /** What the server is called by every client of it; absent where only this client knows it. */
  readonly address?: string;
}

/** Opens the way to a target. */
export type Connect = (target: Target, options: HttpTransportOptions) => Connection;

/** Opens the way to an MCP endpoint. */
export function connectHttp(
  target: string | URL,
  options: HttpTransportOptions,
  createHttpTransport: (url: URL, options: HttpTransportOptions) => Transport,
): Connection {
  const url = new URL(target);
  const transport = createHttpTransport(url, options);
  // A query may hold secrets, which are not to be shown.
  return { transport, server: url.origin + url.pathname, address: url.href };
}

/** Takes a server of this process, or a transport as it is. */
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

/** How a command is shown to the user. Its arguments and environment may hold secrets. */
export function commandLine({ command, args = [] }: StdioCommand): string {
  return args.length === 0 ? command : `${command} …`;
}

function isTransport(target: ServeTarget): target is Transport {
  return "mirrorsHeaders" in target && "close" in target;
}
