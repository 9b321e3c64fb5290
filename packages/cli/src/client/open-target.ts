/** Creates the client of a target. */
import { type Client, type ClientOptions, createClient } from "lutra/client";
import { createStdioTransport, type StdioTransportOptions } from "lutra/node";
import { CommandError } from "../command-error.ts";
import { type CommandLine, integerOption } from "../command-line.ts";
import { loadServer } from "../load-server.ts";
import type { Target } from "./target.ts";

export interface Opened {
  readonly client: Client;
  readonly close: () => Promise<void>;
}

/** No limit on a whole call, because the user can cancel it. */
const noLimit = Number.POSITIVE_INFINITY;
const timeouts = { least: 1, most: 2_147_483_647, fallback: 60_000 };

/**
 * Connects to a target. `stderr` is the destination of the output of a program.
 *
 * @throws {CommandError} for a module that can't be loaded, and for an invalid option
 */
export async function openTarget(
  target: Target,
  line: CommandLine,
  { stderr, ...common }: ClientOptions & Pick<StdioTransportOptions, "stderr">,
): Promise<Opened> {
  const timeoutMs = integerOption(line, "timeout", timeouts);
  const options: ClientOptions = { ...common, timeoutMs, maxTimeoutMs: noLimit };
  if (target.kind === "module") {
    const server = await loadServer(target.file);
    const client: Client = createClient(server, options);
    return { client, close: () => client.close().then(() => server.close()) };
  }
  const auth = await authOf(target);
  const client = orUsageError(() => {
    if (target.kind === "url") {
      return createClient(target.url, { ...options, ...auth, headers: target.headers });
    }
    const transport = createStdioTransport(target.command, {
      era: options.era,
      ...(stderr !== undefined && { stderr }),
    });
    return createClient(Object.assign(transport, { info: { name: target.label } }), options);
  });
  return { client, close: client.close };
}

/** Returns the authorization with the sign-in of `--as`. Its code is loaded only then. */
async function authOf(target: Target): Promise<Pick<ClientOptions, "auth">> {
  if (target.kind !== "url" || target.signIn === undefined) return {};
  const { storedSignIn } = await import("../user-authorization.ts");
  return { auth: await storedSignIn(target.signIn, target.url) };
}

/** Converts the error for an invalid value, such as that of `--era`. */
function orUsageError(create: () => Client): Client {
  try {
    return create();
  } catch (error) {
    if (error instanceof TypeError) throw new CommandError(error.message, 2);
    throw error;
  }
}
