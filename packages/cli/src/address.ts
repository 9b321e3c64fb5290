/** Where `lutra serve` and `lutra up` listen. */
import { CommandError } from "./command-error.ts";
import { type CommandLine, type CommandOption, integerOption } from "./command-line.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export const addressOptions: { readonly [name: string]: CommandOption } = {
  port: { placeholder: "P", description: "Where to listen; 0 picks a free port. Default: 3000" },
  host: { placeholder: "H", description: "The address to bind. Default: 127.0.0.1, this machine" },
};

/** Reads `--port` and `--host`. */
export function addressOf(line: CommandLine): Address {
  const { host } = line.options;
  return {
    host: typeof host === "string" ? host : "127.0.0.1",
    port: integerOption(line, "port", { least: 0, most: 65_535, fallback: 3000 }),
  };
}

/** Says in words why nobody can listen there. Other errors are returned as they are. */
export function listenError(error: unknown, { host, port }: Address): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const remedy = code === undefined ? undefined : remedies[code];
  return remedy === undefined ? error : new CommandError(remedy(host, port));
}

const noSuchHost = (host: string) =>
  `${host} is not an address of this machine; choose another with --host`;

const remedies: { readonly [code: string]: (host: string, port: number) => string } = {
  EADDRINUSE: (host, port) =>
    `port ${port} of ${host} is taken; stop what listens there, or choose another with --port`,
  EACCES: (_host, port) => `port ${port} needs more rights; choose one above 1023 with --port`,
  EADDRNOTAVAIL: noSuchHost,
  ENOTFOUND: noSuchHost,
};
