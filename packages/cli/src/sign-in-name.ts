/** The name of a sign-in, which distinguishes the accounts of a user at one server. */
import { CommandError } from "./command-error.ts";
import type { CommandLine, CommandOption } from "./command-line.ts";

/** The sign-in of `lutra login` without `--as`, and of programs that give no user. */
export const defaultSignIn = "default";

export const signInOption: { readonly [name: string]: CommandOption } = {
  as: {
    placeholder: "NAME",
    description: "Name of the sign-in, for several accounts at one server",
    fallback: `\`${defaultSignIn}\``,
  },
};

/**
 * Returns `--as`, or undefined if it is missing.
 *
 * @throws {CommandError} for a name that is not usable
 */
export function signInNameOf({ options }: CommandLine): string | undefined {
  const { as: name } = options;
  if (typeof name !== "string") return undefined;
  if (/^[\w.@+-]{1,64}$/.test(name)) return name;
  throw new CommandError("--as: expected a name of at most 64 letters, digits, and . @ + - _", 2);
}
