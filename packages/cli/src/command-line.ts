/** Declares commands, parses their arguments with `util.parseArgs`, and prints their help. */
import { parseArgs } from "node:util";
import { CommandError } from "./command-error.ts";

export interface CommandOption {
  /** The name of the value in the help. An option without a placeholder is a switch. */
  readonly placeholder?: string;
  readonly description: string;
  /** True if the option may be given several times. Otherwise the last occurrence applies. */
  readonly isRepeatable?: boolean;
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
  /** Several sentences for `--help`. */
  readonly details: string;
  readonly arguments: readonly CommandArgument[];
  readonly options: { readonly [name: string]: CommandOption };
  /** Resolves to the exit code. */
  readonly run: (line: CommandLine) => Promise<number>;
}

type OptionValue = string | true | readonly string[];

/** The parsed arguments of a command. */
export interface CommandLine {
  /** The positional arguments in order; optional ones may be missing at the end. */
  readonly values: readonly string[];
  /** The given options: a string, `true` for a switch, an array for a repeatable option. */
  readonly options: { readonly [name: string]: OptionValue | undefined };
}

/**
 * Parses the arguments after the command's name. Returns `undefined` if they ask for help.
 *
 * @throws {CommandError} for unknown options, and for missing or unexpected arguments
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
  if (missing !== undefined) {
    throw usageError(command, `missing <${missing.name}>, ${missing.description}`);
  }
  if (known.at(-1)?.isRest || values.length <= known.length) return;
  throw usageError(command, `unexpected argument ${values[known.length]}`);
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

/** Returns the text that `--help` prints. */
export function helpOf(command: Command): string {
  const { name, details, options } = command;
  const all: Command["options"] = { ...options, help: { description: "Show this help" } };
  const shown = Object.entries(all).map(([option, { placeholder }]) =>
    placeholder === undefined ? `--${option}` : `--${option} ${placeholder}`,
  );
  const width = Math.max(14, ...shown.map(({ length }) => length)) + 2;
  const rows = Object.values(all).map(({ description }, index) => {
    return `  ${(shown[index] as string).padEnd(width)}${description}`;
  });
  return `Usage: lutra ${name} ${argumentsOf(command)} [options]\n\n${details}\n\nOptions:\n${rows.join("\n")}\n`;
}

/** Returns the arguments as the usage line shows them. */
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
    throw usageError(command, `${rawName} requires a value: ${rawName} ${option.placeholder}`);
  }
  return value;
}

function typeOf(option: CommandOption): "boolean" | "string" {
  return option.placeholder === undefined ? "boolean" : "string";
}

function usageError({ name }: Command, problem: string): CommandError {
  return new CommandError(`${name}: ${problem}; see: lutra ${name} --help`, 2);
}
