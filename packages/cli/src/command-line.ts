/** What commands look like on the command line: how they are declared, parsed and explained. */
import { parseArgs } from "node:util";
import { CommandError } from "./command-error.ts";

export interface CommandOption {
  /** Stands for the value in the help. Without it the option is a switch. */
  readonly placeholder?: string;
  readonly description: string;
  /** May be given several times; of others the last counts. */
  readonly isRepeatable?: boolean;
}

/** What stands on the command line without dashes. */
export interface CommandArgument {
  readonly name: string;
  /** What it is, for the message that says it is missing: "the path of a server module". */
  readonly description: string;
  readonly isOptional?: boolean;
  /** Takes all that is left; only the last argument may. */
  readonly isRest?: boolean;
}

export interface Command {
  /** One word, or two for one of several commands about the same thing. */
  readonly name: string;
  readonly summary: string;
  /** A few sentences more, for `--help`. */
  readonly details: string;
  readonly arguments: readonly CommandArgument[];
  readonly options: { readonly [name: string]: CommandOption };
  /** Resolves to the exit code. */
  readonly run: (line: CommandLine) => Promise<number>;
}

export type OptionValue = string | true | readonly string[];

/** A command line that has every value in its place. */
export interface CommandLine {
  /** The arguments in their order; one that is optional may be missing at the end. */
  readonly values: readonly string[];
  /** Given options: their text, `true` for switches, all texts of those that are repeatable. */
  readonly options: { readonly [name: string]: OptionValue | undefined };
}

/**
 * Reads the arguments that follow the command's name; `undefined` when they ask for help.
 *
 * @throws {CommandError} for what the command does not know
 */
export function parseCommandLine(
  command: Command,
  args: readonly string[],
): CommandLine | undefined {
  const known: Command["options"] = { ...command.options, help: { description: "" } };
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(known).map(([name, option]) => [name, { type: typeOf(option) }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: string[] = [];
  const options: Record<string, OptionValue> = {};
  for (const token of tokens) {
    if (token.kind === "positional") values.push(token.value);
    if (token.kind !== "option") continue;
    const value = givenValue(command, known, token);
    const before = options[token.name] ?? [];
    const isOneOfMany = typeof value === "string" && known[token.name]?.isRepeatable;
    options[token.name] = isOneOfMany && Array.isArray(before) ? [...before, value] : value;
  }
  if (options.help) return undefined;
  requireArguments(command, values);
  return { values, options };
}

function requireArguments(command: Command, values: readonly string[]): void {
  const { arguments: known } = command;
  const missing = known.find((argument, index) => !argument.isOptional && index >= values.length);
  if (missing !== undefined) throw usageError(command, `${missing.description} is missing`);
  if (known.at(-1)?.isRest || values.length <= known.length) return;
  const expected = known.length === 1 ? `one ${known[0]?.name}` : `${known.length} arguments`;
  throw usageError(command, `expected ${expected}, not also ${values[known.length]}`);
}

/**
 * Reads a whole number.
 *
 * @throws {CommandError} for anything else, and outside of the range
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
  const expected = `expected a number from ${range.least} to ${range.most}`;
  throw new CommandError(`--${name} ${text}: ${expected}`, 2);
}

/** Every value of an option that may be given several times, in their order. */
export function listOption({ options }: CommandLine, name: string): readonly string[] {
  const values = options[name];
  return Array.isArray(values) ? values : [];
}

/** The text that `--help` prints. */
export function helpOf(command: Command): string {
  const { name, details, options } = command;
  const all: Command["options"] = { ...options, help: { description: "Shows this." } };
  const shown = Object.entries(all).map(([option, { placeholder }]) =>
    placeholder === undefined ? `--${option}` : `--${option} ${placeholder}`,
  );
  const width = Math.max(14, ...shown.map(({ length }) => length)) + 2;
  const rows = Object.values(all).map(({ description }, index) => {
    return `  ${(shown[index] as string).padEnd(width)}${description}`;
  });
  return `Usage: lutra ${name} ${argumentsOf(command)} [options]\n\n${details}\n\nOptions:\n${rows.join("\n")}\n`;
}

/** The arguments as the usage line shows them. */
export function argumentsOf({ arguments: known }: Command): string {
  return known
    .map(({ name, isOptional, isRest }) => {
      const shown = isRest ? `${name}...` : name;
      return isOptional ? `[${shown}]` : `<${shown}>`;
    })
    .join(" ");
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
}

function givenValue(
  command: Command,
  known: { readonly [name: string]: CommandOption },
  { name, rawName, value }: OptionToken,
): string | true {
  const option = Object.hasOwn(known, name) ? known[name] : undefined;
  if (option === undefined) throw usageError(command, `unknown option ${rawName}`);
  if (option.placeholder === undefined) {
    if (value === undefined) return true;
    throw usageError(command, `${rawName} takes no value`);
  }
  if (value === undefined || value === "" || value.startsWith("-")) {
    throw usageError(command, `${rawName} needs a value: ${rawName} ${option.placeholder}`);
  }
  return value;
}

function typeOf(option: CommandOption): "boolean" | "string" {
  return option.placeholder === undefined ? "boolean" : "string";
}

function usageError({ name }: Command, problem: string): CommandError {
  return new CommandError(`${name}: ${problem}; see: lutra ${name} --help`, 2);
}
