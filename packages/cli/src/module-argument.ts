/** The module argument of `lutra serve` and `lutra up`. */
import type { CommandArgument, CommandLine } from "./command-line.ts";

export const moduleArgument: CommandArgument = {
  name: "module",
  description: "the path of a server module",
};

/** Returns the path of the module. The parser guarantees that it is present. */
export function moduleOf({ values }: CommandLine): string {
  return values[0] as string;
}
