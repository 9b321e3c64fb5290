import type { Client, ClientOptions, ServeTarget } from "../client/index.ts";
import { createClient } from "../client/index.ts";
import { isPrincipal } from "../protocol/authorization.ts";
import type { Principal } from "../protocol/exchange.ts";
import { requireObject, requireServe } from "../protocol/known-members.ts";
import type { TypesOf } from "../protocol/server-types.ts";
import { createMemoryTransport } from "../transport/memory.ts";

export interface ConnectOptions extends ClientOptions {
  /** The principal of all requests, as if a transport had verified it. @default none */
  readonly principal?: Principal;
}

/**
 * Connects a client to a server in this process. Every message is serialised as JSON, as on a
 * network, but there are no sockets, processes or timers. The client is typed by the server. Several
 * clients may be connected to one server.
 *
 * @example
 * ```ts
 * const client = connect(server);
 * const result = await client.callTool("add", { a: 1, b: 2 });
 * expect(result.structuredContent).toEqual({ sum: 3 });
 * ```
 */
export function connect<Server extends ServeTarget>(
  server: Server,
  options: ConnectOptions = {},
): Client<TypesOf<Server>> {
  requireServe("connect", server);
  requireObject("connect", options);
  const { principal, ...clientOptions } = options;
  if (principal !== undefined && !isPrincipal(principal)) {
    throw new TypeError("connect: principal: expected { id } with a non-empty string");
  }
  const transport = createMemoryTransport(server, principal && { principal });
  const info = "info" in server ? server.info : undefined;
  return createClient({ ...transport, info }, clientOptions) as Client<TypesOf<Server>>;
}
