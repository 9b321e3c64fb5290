/** The program `lutra`: picks the command and says how it went. */
import { CommandError } from "./command-error.ts";
import { argumentsOf, type Command, helpOf, parseCommandLine } from "./command-line.ts";
import { gateway } from "./gateway.ts";
import { gatewayCheck } from "./gateway-check.ts";
import { gatewayExport } from "./gateway-export.ts";
import { gatewayRoutes } from "./gateway-routes.ts";
import { watchOutput } from "./output.ts";
import { serve } from "./serve.ts";
import { up } from "./up.ts";

const commands: readonly Command[] = [
  serve,
  up,
  gateway,
  gatewayCheck,
  gatewayRoutes,
  gatewayExport,
];

/** Runs a command; resolves to the exit code of the process. */
export async function main(args: readonly string[]): Promise<number> {
  watchOutput();
  try {
    return await run(args);
  } catch (error) {
    const isKnown = error instanceof CommandError;
    console.error(isKnown ? `lutra: ${error.message}` : error);
    return isKnown ? error.exitCode : 1;
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

/** The command that the first words name; one of two words goes before one of one. */
function find(words: readonly string[]): { command: Command; args: readonly string[] } {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    const command = commands.find((candidate) => candidate.name === name);
    if (command !== undefined) return { command, args: words.slice(length) };
  }
  const [name] = words;
  const firstWords = commands.map((known) => known.name).filter((known) => !known.includes(" "));
  const names = `${firstWords.slice(0, -1).join(", ")} or ${firstWords.at(-1)}`;
  const problem = name === undefined ? "which command?" : `unknown command ${name};`;
  throw new CommandError(`${problem} expected ${names}; see: lutra --help`, 2);
}

function overview(): string {
  const usages = commands.map((command) => `${command.name} ${argumentsOf(command)}`);
  const width = Math.max(...usages.map(({ length }) => length)) + 2;
  const rows = commands.map(({ summary }, index) => {
    return `  ${(usages[index] as string).padEnd(width)}${summary}`;
  });
  return `Usage: lutra <command> [options]

Runs servers of the Model Context Protocol, and gateways in front of them.

Commands:
${rows.join("\n")}

See: lutra <command> --help
`;
}
