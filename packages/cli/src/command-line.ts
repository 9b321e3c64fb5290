/** Declares commands, and parses their arguments with `util.parseArgs`. */
import { parseArgs } from "node:util";
import type { NamedArgument, SplitWords } from "./client/split-words.ts";
import { CommandError } from "./command-error.ts";
import type { Variable } from "./environment.ts";

export interface CommandOption {
  /** The name of the value in the help. An option without a placeholder is a switch. */
  readonly placeholder?: string;
  /** A phrase without a final full stop. Values are in backticks, which the help leaves out. */
  readonly description: string;
  /** The environment variable that applies if the option is missing. */
  readonly variable?: Variable;
  /** The value or the behaviour if the option and its variable are missing. */
  readonly fallback?: string;
  /** True if the command needs the option or its variable. */
  readonly isRequired?: boolean;
  /** A short form: `h` for `-h`. */
  readonly letter?: string;
  /** True if the option may be given several times. Otherwise the last occurrence applies. */
  readonly isRepeatable?: boolean;
  /** Another name, which is accepted and not listed. */
  readonly alias?: string;
}

/** A positional argument. */
export interface CommandArgument {
  readonly name: string;
  /** A noun phrase for error messages: "the path of a server module". */
  readonly description: string;
  readonly isOptional?: boolean;
  /** Accepts all remaining arguments; only valid for the last one. */
  readonly isRest?: boolean;
}

export interface Command {
  /** One word, or two words for a subcommand. */
  readonly name: string;
  /** One sentence for the list of commands. */
  readonly summary: string;
  /** Several sentences for `--help` and the reference. Values are in backticks. */
  readonly details: string;
  /** The words after the command's name in examples for `--help`. */
  readonly examples?: readonly string[];
  readonly arguments: readonly CommandArgument[];
  readonly options: { readonly [name: string]: CommandOption };
  /** True if the first argument is a server, which a program after `--` replaces. */
  readonly hasTarget?: boolean;
  /**
   * True if options that are not declared are arguments of the tool or prompt that the last argument
   * names. `--help` then describes them, so the command runs.
   */
  readonly acceptsNamed?: boolean;
  /** Resolves to the exit code. */
  readonly run: (line: CommandLine) => Promise<number>;
}

/** The options that every command has. */
export const commonOptions: Command["options"] = {
  help: { letter: "h", description: "Show this help" },
};

/** Returns the meaning of a missing option, or `undefined` if it has none. */
export function defaultOf({ variable, fallback, isRequired }: CommandOption): string | undefined {
  const read = variable === undefined ? undefined : `\`${variable}\``;
  if (isRequired) return read === undefined ? "required" : `required unless ${read} is set`;
  return read === undefined || fallback === undefined
    ? (read ?? fallback)
    : `${read}, or ${fallback}`;
}

/** The options of the program itself. */
export const programOptions: Command["options"] = {
  help: { letter: "h", description: "Show this help, or that of a command" },
  version: { letter: "v", description: "Show the version" },
};

type OptionValue = string | true | readonly string[];

/** The parsed arguments of a command. */
export interface CommandLine {
  /**
   * The positional arguments in order; optional ones may be missing at the end. Does not contain the
   * first one if `program` replaces it.
   */
  readonly values: readonly string[];
  /** The words after `--` of a command that has a target. */
  readonly program?: readonly string[] | undefined;
  /** The arguments of a tool or prompt, in order. */
  readonly named?: readonly NamedArgument[];
  /** The given options: a string, `true` for a switch, an array for a repeatable option. */
  readonly options: { readonly [name: string]: OptionValue | undefined };
}

/**
 * Parses the arguments after the command's name. Returns `undefined` if they ask for help that does
 * not depend on them.
 *
 * @throws {CommandError} for unknown options, and for missing or unexpected arguments
 */
export async function parseCommandLine(
  command: Command,
  args: readonly string[],
): Promise<CommandLine | undefined> {
  const listed: Command["options"] = { ...command.options, ...commonOptions };
  const aliases = aliasesOf(listed);
  const other = [...aliases].map(([alias, name]) => [alias, listed[name] as CommandOption]);
  const known: Command["options"] = { ...listed, ...Object.fromEntries(other) };
  const { own, program, named } = await splitWords(command, known, args);
  const { tokens } = parseArgs({
    args: [...own],
    options: Object.fromEntries(
      Object.entries(known).map(([name, option]) => [name, parsedAs(option)]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = tokens.flatMap((token) => (token.kind === "positional" ? [token.value] : []));
  const given = tokens.filter((token) => token.kind === "option");
  await requireKnown(command, known, given);
  const options: Record<string, OptionValue> = {};
  for (const token of given) {
    const option = known[token.name] as CommandOption;
    const value = givenValue(command, option, token);
    const name = aliases.get(token.name) ?? token.name;
    const before = options[name] ?? [];
    const isOneOfMany = typeof value === "string" && option.isRepeatable;
    options[name] = isOneOfMany && Array.isArray(before) ? [...before, value] : value;
  }
  const expected = program === undefined ? command.arguments : command.arguments.slice(1);
  if (options.help && !(command.acceptsNamed && values.length >= expected.length)) return undefined;
  requireArguments(command, expected, values);
  return command.hasTarget ? { values, options, program, named } : { values, options };
}

/** Returns the listed names of options by their aliases. */
function aliasesOf(listed: Command["options"]): ReadonlyMap<string, string> {
  const pairs = Object.entries(listed);
  return new Map(pairs.flatMap(([name, { alias }]) => (alias ? [[alias, name]] : [])));
}

/** Loads the code that separates the words for a server only for commands that have a target. */
async function splitWords(
  command: Command,
  known: Command["options"],
  args: readonly string[],
): Promise<SplitWords> {
  if (!command.hasTarget) return { own: args, program: undefined, named: [] };
  const { splitWords } = await import("./client/split-words.ts");
  const { acceptsNamed = false, arguments: expected } = command;
  return splitWords(args, { acceptsNamed, count: expected.length, options: known });
}

/** Loads the code for suggestions only when an option is unknown. */
async function requireKnown(
  command: Command,
  known: Command["options"],
  given: readonly OptionToken[],
): Promise<void> {
  const unknown = given.find(({ name }) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  const { closest } = await import("lutra/internal");
  const meant = closest(unknown.name, Object.keys(known));
  const problem = `unknown option ${unknown.rawName}`;
  if (meant === undefined) throw usageError(command, problem);
  throw new CommandError(`${command.name}: ${problem}; did you mean --${meant}?`, 2);
}

function requireArguments(
  command: Command,
  known: Command["arguments"],
  values: readonly string[],
): void {
  const missing = known.find((argument, index) => !argument.isOptional && index >= values.length);
  if (missing !== undefined) {
    throw usageError(command, `missing <${missing.name}>, ${missing.description}`);
  }
  if (known.at(-1)?.isRest || values.length <= known.length) return;
  const forms = command.acceptsNamed
    ? `; arguments of a ${command.arguments.at(-1)?.name} are options, such as --name value, or JSON after --args`
    : "";
  throw usageError(command, `unexpected argument ${values[known.length]}${forms}`);
}

/**
 * Returns the value of an option that expects an integer, or `fallback` if the option is missing.
 *
 * @throws {CommandError} for any other value, and for an integer outside the range
 */
export function integerOption(
  { options }: CommandLine,
  name: string,
  range: { readonly least: number; readonly most: number; readonly fallback: number },
): number {
  const text = options[name];
  if (text === undefined) return range.fallback;
  const value = typeof text === "string" && /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.least && value <= range.most) return value;
  const expected = `expected an integer from ${range.least} to ${range.most}`;
  throw new CommandError(`--${name} ${text}: ${expected}`, 2);
}

/** Returns all values of a repeatable option, in order. */
export function listOption({ options }: CommandLine, name: string): readonly string[] {
  const values = options[name];
  return Array.isArray(values) ? values : [];
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
}

function givenValue(
  command: Command,
  option: CommandOption,
  { rawName, value }: OptionToken,
): string | true {
  if (option.placeholder === undefined) {
    if (value === undefined) return true;
    throw usageError(command, `${rawName} takes no value`);
  }
  if (value === undefined || value === "" || /^-./.test(value)) {
    throw usageError(command, `${rawName} requires a value: ${rawName} ${option.placeholder}`);
  }
  return value;
}

function parsedAs({ placeholder, letter }: CommandOption) {
  const type = placeholder === undefined ? ("boolean" as const) : ("string" as const);
  return letter === undefined ? { type } : { type, short: letter };
}

function usageError({ name }: Command, problem: string): CommandError {
  return new CommandError(`${name}: ${problem}; see: lutra ${name} --help`, 2);
}
