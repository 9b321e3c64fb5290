/** The address that `lutra serve` and `lutra up` listen on. */
import { CommandError } from "./command-error.ts";
import { type CommandLine, type CommandOption, integerOption, listOption } from "./command-line.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const addressOptions: { readonly [name: string]: CommandOption } = {
  port: {
    placeholder: "P",
    description: "Port to listen on; `0` picks a free one",
    fallback: "`3000`",
  },
  host: {
    placeholder: "H",
    description: "Address to bind; `0.0.0.0` binds all addresses",
    fallback: "`127.0.0.1`, this machine only",
  },
  "allowed-host": {
    placeholder: "H",
    description:
      "Name that clients may send in `Host`, with or without a port, such as the domain of a reverse proxy",
    isRepeatable: true,
  },
  "allowed-origin": {
    placeholder: "O",
    description: "Origin of web pages that may call the server, such as `https://app.example.com`",
    isRepeatable: true,
  },
  "lame-duck": {
    placeholder: "MS",
    description:
      "Time for which connections are still accepted after `SIGTERM`, in milliseconds; every response then has `Connection: close`",
    fallback: "`0`",
  },
};

/** The longest time of a timer, in milliseconds. Not imported, because the import loads much else. */
const maxTimerMs = 2_147_483_647;

/** Reads `--lame-duck`. */
export function lameDuckOf(line: CommandLine): { readonly lameDuckMs: number } {
  const bounds = { least: 0, most: maxTimerMs, fallback: 0 };
  return { lameDuckMs: integerOption(line, "lame-duck", bounds) };
}

/** The names and origins that requests may have in `Host` and `Origin`. */
export interface AccessRules {
  readonly allowedHosts?: readonly string[];
  readonly allowedOrigins: readonly string[];
}

/**
 * Reads `--allowed-host` and `--allowed-origin`. Without them, the defaults of `listen.allowedHosts`
 * and `listen.allowedOrigins` apply.
 *
 * @throws {CommandError} for an origin that no browser sends
 */
export async function accessOf(line: CommandLine): Promise<AccessRules> {
  const allowedHosts = listOption(line, "allowed-host");
  const allowedOrigins = listOption(line, "allowed-origin");
  if (allowedOrigins.length > 0) await requireOrigins(allowedOrigins);
  return { ...(allowedHosts.length > 0 && { allowedHosts }), allowedOrigins };
}

async function requireOrigins(origins: readonly string[]): Promise<void> {
  // Imported when it is needed, because it also loads the HTTP client.
  const { problemWithOrigin } = await import("lutra/internal");
  for (const origin of origins) {
    const problem = problemWithOrigin(origin);
    if (problem !== undefined) throw new CommandError(`--allowed-origin ${origin}: ${problem}`, 2);
  }
}

/** Reads `--port` and `--host`. */
export function addressOf(line: CommandLine): Address {
  const { host } = line.options;
  return {
    host: typeof host === "string" ? host : "127.0.0.1",
    port: integerOption(line, "port", { least: 0, most: 65_535, fallback: 3000 }),
  };
}

/** Replaces an error about an unavailable address with one that names the option to change. */
export async function listenError(error: unknown, address: Address): Promise<unknown> {
  // Imported when it is needed, because it also loads the HTTP client.
  const { explainListenError } = await import("lutra/internal");
  const settings = { host: "--host", port: "--port" };
  const explained = explainListenError(error, address, settings);
  return explained instanceof Error && explained !== error
    ? new CommandError(explained.message)
    : error;
}
