/** The `lutra` program: runs a command and returns its exit code. */
import { CommandError } from "./command-error.ts";
import { parseCommandLine } from "./command-line.ts";
import { commands } from "./commands.ts";
import { findCommand } from "./find-command.ts";
import { helpOf, overviewOf } from "./help.ts";
import { watchOutput } from "./output.ts";
import { version } from "./own-version.ts";
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
  const [name, ...rest] = words;
  if (name === "-h" || name === "--help" || (name === "help" && rest.length === 0)) {
    console.log(overviewOf(commands));
    return 0;
  }
  if (name === "-v" || name === "--version") {
    console.log(version);
    return 0;
  }
  if (name === "help") return run([...rest, "--help"]);
  const { command, args } = await findCommand(commands, words);
  const line = await parseCommandLine(command, args);
  if (line !== undefined) return await command.run(line);
  console.log(helpOf(command));
  return 0;
}
