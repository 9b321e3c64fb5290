/** Finds the command that the first words of a command line name. */
import { CommandError } from "./command-error.ts";
import { type Command, programOptions } from "./command-line.ts";

interface FoundCommand {
  readonly command: Command;
  /** The words after the name. */
  readonly args: readonly string[];
}

/**
 * Finds a command. A name of two words takes precedence.
 *
 * @throws {CommandError} for an unknown name, with the most similar one
 */
export async function findCommand(
  commands: readonly Command[],
  words: readonly string[],
): Promise<FoundCommand> {
  const [first, second = ""] = words;
  if (first === undefined) throw unknown(commands, "missing command");
  const named = (name: string) => commands.find((known) => known.name === name);
  const sub = named(`${first} ${second}`);
  if (sub !== undefined) return { command: sub, args: words.slice(2) };
  const command = named(first);
  if (command === undefined) throw await unknownFirst(commands, first);
  await requireNoSubcommand(commands, first, second);
  return { command, args: words.slice(1) };
}

async function unknownFirst(commands: readonly Command[], word: string): Promise<CommandError> {
  const { closest } = await import("lutra/internal");
  const isOption = word.startsWith("-");
  // Users also leave out the first word of a name with two words.
  const names = new Map(commands.map(({ name }) => [lastWord(name), name]));
  const options = Object.keys(programOptions).map((name) => `--${name}`);
  const meant = closest(word, isOption ? options : [...names.keys()]);
  const problem = `unknown ${isOption ? "option" : "command"} ${word}`;
  if (meant === undefined) return unknown(commands, problem);
  return new CommandError(`${problem}; did you mean ${names.get(meant) ?? meant}?`, 2);
}

/** Throws for a word that resembles the name of a subcommand. Names of files have an ending. */
async function requireNoSubcommand(commands: readonly Command[], first: string, second: string) {
  const subs = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (subs.length === 0 || !/^[a-z]+$/.test(second)) return;
  const { closest } = await import("lutra/internal");
  const meant = closest(
    second,
    subs.map(({ name }) => lastWord(name)),
  );
  if (meant === undefined) return;
  throw new CommandError(`unknown command ${first} ${second}; did you mean ${first} ${meant}?`, 2);
}

function lastWord(name: string): string {
  return name.split(" ").at(-1) as string;
}

function unknown(commands: readonly Command[], problem: string): CommandError {
  const names = commands.map(({ name }) => name).filter((name) => !name.includes(" "));
  const expected = `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
  return new CommandError(`${problem}; expected ${expected}; see: lutra --help`, 2);
}
