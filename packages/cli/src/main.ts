/** The `lutra` program: runs a command and returns its exit code. */
import { CommandError } from "./command-error.ts";
import { argumentsOf, type Command, helpOf, parseCommandLine } from "./command-line.ts";
import { watchOutput } from "./output.ts";

/** Commands are loaded on demand, so that a server on stdio does not load the gateway. */
const commands: { readonly [name: string]: () => Promise<Command> } = {
  serve: async () => (await import("./serve.ts")).serve,
  up: async () => (await import("./up.ts")).up,
  gateway: async () => (await import("./gateway.ts")).gateway,
  "gateway check": async () => (await import("./gateway-check.ts")).gatewayCheck,
  "gateway routes": async () => (await import("./gateway-routes.ts")).gatewayRoutes,
  "gateway export": async () => (await import("./gateway-export.ts")).gatewayExport,
};

/** Runs a command. Resolves with the exit code of the process. */
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
    console.log(await overview());
    return 0;
  }
  const { load, args } = find(words);
  const command = await load();
  const line = parseCommandLine(command, args);
  if (line !== undefined) return await command.run(line);
  console.log(helpOf(command));
  return 0;
}

/** Finds the command that the first words name. A name of two words takes precedence. */
function find(words: readonly string[]) {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(" ");
    const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (load !== undefined) return { load, args: words.slice(length) };
  }
  const [name] = words;
  const firstWords = Object.keys(commands).filter((known) => !known.includes(" "));
  const names = `${firstWords.slice(0, -1).join(", ")} or ${firstWords.at(-1)}`;
  const problem = name === undefined ? "missing command" : `unknown command ${name}`;
  throw new CommandError(`${problem}; expected ${names}; see: lutra --help`, 2);
}

async function overview(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  const usages = all.map((command) => `${command.name} ${argumentsOf(command)}`);
  const width = Math.max(...usages.map(({ length }) => length)) + 2;
  const rows = all.map(({ summary }, index) => {
    return `  ${(usages[index] as string).padEnd(width)}${summary}`;
  });
  return `Usage: lutra <command> [options]

Runs Model Context Protocol servers, and gateways in front of them.

Commands:
${rows.join("\n")}

See: lutra <command> --help
`;
}
