/** The address that `lutra serve` and `lutra up` listen on. */
import { CommandError } from "./command-error.ts";
import { type CommandLine, type CommandOption, integerOption } from "./command-line.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const addressOptions: { readonly [name: string]: CommandOption } = {
  port: { placeholder: "P", description: "Port to listen on; 0 picks a free one (default: 3000)" },
  host: {
    placeholder: "H",
    description: "Address to bind (default: 127.0.0.1, this machine only)",
  },
};

/** Reads `--port` and `--host`. */
export function addressOf(line: CommandLine): Address {
  const { host } = line.options;
  return {
    host: typeof host === "string" ? host : "127.0.0.1",
    port: integerOption(line, "port", { least: 0, most: 65_535, fallback: 3000 }),
  };
}

/** The names of the settings that the remedies in error messages refer to. */
export interface AddressSettings {
  readonly host: string;
  readonly port: string;
  /** The setting for the port of the admin listener. */
  readonly admin: string;
}

const optionNames: AddressSettings = { host: "--host", port: "--port", admin: "--admin" };

/**
 * Replaces an error about an unavailable address with one that names the remedy. Returns other
 * errors unchanged. An error about a port other than `port` belongs to the admin listener.
 */
export function listenError(
  error: unknown,
  { host, port }: Address,
  settings: AddressSettings = optionNames,
): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const failedPort = "port" in error ? Number(error.port) : port;
  const setting = failedPort === port ? settings.port : settings.admin;
  switch (error.code) {
    case "EADDRINUSE":
      return new CommandError(
        `port ${failedPort} is in use; stop the other program, or choose another port with ${setting}`,
      );
    case "EACCES":
      return new CommandError(
        `no permission to use port ${failedPort}; choose one above 1023 with ${setting}`,
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new CommandError(
        `${host} is not an address of this machine; choose another one with ${settings.host}`,
      );
    default:
      return error;
  }
}
