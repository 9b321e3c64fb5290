/** The arguments that name a server module and the number of its replicas. */
import {
  type CommandArgument,
  type CommandLine,
  type CommandOption,
  integerOption,
} from "./command-line.ts";

export const moduleArgument: CommandArgument = {
  name: "module",
  description: "the path of a server module",
};

export const watchOption: CommandOption = {
  description: "Load the module again when it, or a local file that it imports or serves, changes",
};

/** Returns the path of the module. The parser guarantees that it is present. */
export function moduleOf({ values }: CommandLine): string {
  return values[0] as string;
}

const replicas = { least: 1, most: 64, fallback: 3 };

export const replicasOption: CommandOption = {
  placeholder: "N",
  description: `Number of replicas, at most ${replicas.most}`,
  fallback: `\`${replicas.fallback}\``,
};

/** Reads `--replicas`. */
export function replicasOf(line: CommandLine): number {
  return integerOption(line, "replicas", replicas);
}
