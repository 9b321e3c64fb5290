/** The server module that `lutra serve` and `lutra up` take. */
import type { CommandArgument, CommandLine } from "./command-line.ts";

export const moduleArgument: CommandArgument = {
  name: "module",
  description: "the path of a server module",
};

/** Reads it; the command line was checked to have one. */
export function moduleOf({ values }: CommandLine): string {
  return values[0] as string;
}
