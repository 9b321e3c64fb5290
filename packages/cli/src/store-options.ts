/** Where servers keep what must outlive them, as the command line and the environment say it. */
import { CommandError } from "./command-error.ts";
import type { CommandLine, CommandOption } from "./command-line.ts";

/** URLs that may hold passwords: they are in no message, and in no list of processes. */
export interface StoreUrls {
  readonly store?: string | undefined;
  /** What carries events, where it is not the store or the supervisor. */
  readonly bus?: string | undefined;
}

export const busOption: CommandOption = {
  placeholder: "URL",
  description: "What carries events: redis: or postgres:. Default: the store, else this process",
};

interface Kind {
  readonly variable: string;
  readonly scheme: RegExp;
  readonly expected: string;
}

const kinds = {
  store: {
    variable: "LUTRA_STORE",
    scheme: /^(?:memory:$|sqlite:.|postgres(?:ql)?:\/\/.)/,
    expected: "memory:, sqlite:./state.db or postgres://user:password@host/database",
  },
  bus: {
    variable: "LUTRA_BUS",
    scheme: /^(?:rediss?|postgres(?:ql)?):\/\/./,
    expected: "redis://host:6379 or postgres://user:password@host/database",
  },
} as const satisfies { readonly [name: string]: Kind };

/**
 * Reads `--store` and `--bus`, or `LUTRA_STORE` and `LUTRA_BUS`.
 *
 * @throws {CommandError} for what names no store or bus, without showing it
 */
export function storeUrlsOf(line: CommandLine): StoreUrls {
  const urls = { store: urlOf(line, "store"), bus: urlOf(line, "bus") };
  // Lists of processes show the arguments; with a title of its own this one shows none.
  if (Object.values(urls).some((url) => /[@?]/.test(url ?? ""))) process.title = "lutra";
  return urls;
}

function urlOf({ options }: CommandLine, name: keyof typeof kinds): string | undefined {
  const { variable, scheme, expected } = kinds[name];
  const given = options[name];
  const url = typeof given === "string" ? given : process.env[variable] || undefined;
  if (url === undefined || scheme.test(url)) return url;
  throw new CommandError(
    `${given === undefined ? variable : `--${name}`}: expected ${expected}`,
    2,
  );
}
