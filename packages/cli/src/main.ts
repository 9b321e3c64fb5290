/** The program `lutra`: picks the command and says how it went. */
import { CommandError } from "./command-error.ts";
import { type Command, helpOf, parseCommandLine } from "./command-line.ts";
import { serve } from "./serve.ts";
import { up } from "./up.ts";

const commands: readonly Command[] = [serve, up];

/** Runs a command; resolves to the exit code of the process. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    const isKnown = error instanceof CommandError;
    console.error(isKnown ? `lutra: ${error.message}` : error);
    return isKnown ? error.exitCode : 1;
  }
}

async function run([name, ...args]: readonly string[]): Promise<number> {
  if (name === "--help" || name === "help") {
    console.log(overview());
    return 0;
  }
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const names = commands.map((known) => known.name).join(" or ");
    const problem = name === undefined ? "which command?" : `unknown command ${name};`;
    throw new CommandError(`${problem} expected ${names}; see: lutra --help`, 2);
  }
  const line = parseCommandLine(command, args);
  if (line !== undefined) return await command.run(line);
  console.log(helpOf(command));
  return 0;
}

function overview(): string {
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(10)}${summary}`);
  return `Usage: lutra <command> <module> [options]

Runs servers of the Model Context Protocol.

Commands:
${rows.join("\n")}

See: lutra <command> --help
`;
}
