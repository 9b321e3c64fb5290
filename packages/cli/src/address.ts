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

/** Returns an error with a remedy for an address that is not available. Returns other errors unchanged. */
export function listenError(error: unknown, { host, port }: Address): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const remedy = code === undefined ? undefined : remedies[code];
  return remedy === undefined ? error : new CommandError(remedy(host, port));
}

const noSuchHost = (host: string) =>
  `${host} is not an address of this machine; choose another one with --host`;

const remedies: { readonly [code: string]: (host: string, port: number) => string } = {
  EADDRINUSE: (host, port) =>
    `port ${port} of ${host} is in use; stop the other program, or choose another port with --port`,
  EACCES: (_host, port) => `no permission to use port ${port}; choose one above 1023 with --port`,
  EADDRNOTAVAIL: noSuchHost,
  ENOTFOUND: noSuchHost,
};
