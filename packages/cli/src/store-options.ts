/** The options that name the store and the bus of a server. */
import { CommandError } from "./command-error.ts";
import type { CommandLine, CommandOption } from "./command-line.ts";
import type { Variable } from "./environment.ts";

/** URLs that may contain passwords. They never appear in messages. */
export interface StoreUrls {
  readonly store?: string | undefined;
  /** True if the user named no store, so that a server that needs none runs without it. */
  readonly isDefault?: boolean;
  /** The event bus, if it is not the store or the supervisor. */
  readonly bus?: string | undefined;
}

interface UrlRule {
  readonly variable: Variable;
  readonly scheme: RegExp;
  readonly expected: string;
}

const urlRules = {
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
} as const satisfies { readonly [name: string]: UrlRule };

/** Creates the option that names a store. */
export function storeOption(
  option: Omit<CommandOption, "placeholder" | "variable">,
): CommandOption {
  return { placeholder: "URL", variable: urlRules.store.variable, ...option };
}

/** Creates the option that names an event bus. */
export function busOption(fallback: string): CommandOption {
  const description = "Event bus: `redis://...` or `postgres://...`";
  return { placeholder: "URL", description, variable: urlRules.bus.variable, fallback };
}

/**
 * Returns `--store` and `--bus`, or else `LUTRA_STORE` and `LUTRA_BUS`.
 *
 * @throws {CommandError} for an invalid URL; the message does not contain it
 */
export function storeUrlsOf(line: CommandLine): StoreUrls {
  const urls = { store: urlOf(line, "store"), bus: urlOf(line, "bus") };
  // From now on, lists of processes show this title instead of the arguments with the password.
  if (Object.values(urls).some((url) => /[@?]/.test(url ?? ""))) process.title = "lutra";
  return urls;
}

function urlOf({ options }: CommandLine, name: keyof typeof urlRules): string | undefined {
  const { variable, scheme, expected } = urlRules[name];
  const given = options[name];
  const url = typeof given === "string" ? given : process.env[variable] || undefined;
  if (url === undefined || scheme.test(url)) return url;
  throw new CommandError(
    `${given === undefined ? variable : `--${name}`}: expected ${expected}`,
    2,
  );
}
