/** The `lutra` program: runs a command and returns its exit code. */
import { CommandError } from "./command-error.ts";
import { argumentsOf, type Command, helpOf, parseCommandLine } from "./command-line.ts";
import { commands } from "./commands.ts";
import { watchOutput } from "./output.ts";
import { releaseSignals } from "./stop-signal.ts";

/** Runs a command. Resolves with the exit code of the process. */
export async function main(args: readonly string[]): Promise<number> {
  watchOutput();
  try {
    return await run(args);
  } catch (error) {
    const isKnown = error instanceof CommandError;
    console.error(isKnown ? `lutra: ${error.message}` : error);
    return isKnown ? error.exitCode : 1;
  } finally {
    releaseSignals();
  }
}

async function run(words: readonly string[]): Promise<number> {
  const [name] = words;
  if (name === "--help" || name === "help") {
    console.log(overview());
    return 0;
  }
  const { command, args } = find(words);
  const line = parseCommandLine(command, args);
  if (line !== undefined) return await command.run(line);
  console.log(helpOf(command));
  return 0;
}

/** Finds the command that the first words name. A name of two words takes precedence. */
function find(words: readonly string[]): {
  readonly command: Command;
  readonly args: readonly string[];
} {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    const command = commands.find((known) => known.name === name);
    if (command !== undefined) return { command, args: words.slice(length) };
  }
  const [name] = words;
  const firstWords = commands.map((known) => known.name).filter((known) => !known.includes(" "));
  const names = `${firstWords.slice(0, -1).join(", ")} or ${firstWords.at(-1)}`;
  const problem = name === undefined ? "missing command" : `unknown command ${name}`;
  throw new CommandError(`${problem}; expected ${names}; see: lutra --help`, 2);
}

function overview(): string {
  const usages = commands.map((command) => `${command.name} ${argumentsOf(command)}`);
  const width = Math.max(...usages.map(({ length }) => length)) + 2;
  const rows = commands.map(({ summary }, index) => {
    return `  ${(usages[index] as string).padEnd(width)}${summary}`;
  });
  return `Usage: lutra <command> [options]

Runs Model Context Protocol servers, and gateways in front of them.

Commands:
${rows.join("\n")}

See: lutra <command> --help
`;
}
