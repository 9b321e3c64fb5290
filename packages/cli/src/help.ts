/**
 * Prints the help of the program and of its commands from their declarations. Leaves out the backticks
 * of the declarations, which mark values in the reference.
 */
import {
  type Command,
  type CommandOption,
  commonOptions,
  defaultOf,
  programOptions,
} from "./command-line.ts";

/** The width of a terminal, in columns. Longer texts are wrapped. */
const maxColumns = 80;

/** Returns the text that `lutra --help` prints. */
export function overviewOf(commands: readonly Command[]): string {
  const rows = commands.map((command) => ({
    term: `${command.name} ${argumentsOf(command)}`,
    text: command.summary,
  }));
  return `Usage: lutra <command> [options]

Runs Model Context Protocol servers, and gateways in front of them.

Commands:
${table(rows)}

Options:
${table(optionRows(programOptions))}

For the options of a command: lutra <command> --help
`;
}

/** Returns the text that `--help` prints after the name of a command. */
export function helpOf(command: Command): string {
  const { name, details, options, examples = [] } = command;
  const usage = `Usage: ${usageOf(command)} [options]`;
  const shown = examples.map((example) => `  lutra ${name} ${example}`).join("\n");
  const parts = [
    usage,
    wrap(plain(details), maxColumns).join("\n"),
    ...(shown === "" ? [] : [`${examples.length === 1 ? "Example" : "Examples"}:\n${shown}`]),
    `Options:\n${table(optionRows({ ...options, ...commonOptions }))}\n`,
  ];
  return parts.join("\n\n");
}

/** Returns a command with its arguments: `lutra serve <module>`. */
export function usageOf(command: Command): string {
  return `lutra ${command.name} ${argumentsOf(command)}`;
}

/** Returns an option with its short form and the name of its value. */
export function optionTerm(name: string, { letter, placeholder }: CommandOption): string {
  const names = letter === undefined ? `--${name}` : `-${letter}, --${name}`;
  return placeholder === undefined ? names : `${names} ${placeholder}`;
}

interface Row {
  readonly term: string;
  readonly text: string;
}

function optionRows(options: { readonly [name: string]: CommandOption }): readonly Row[] {
  return Object.entries(options).map(([name, option]) => {
    const { description, isRepeatable } = option;
    const known = defaultOf(option);
    const byDefault =
      known === undefined ? "" : ` (${option.isRequired ? "" : "default: "}${known})`;
    const text = plain(`${description}${isRepeatable ? "; repeatable" : ""}${byDefault}`);
    return { term: optionTerm(name, option), text };
  });
}

function plain(text: string): string {
  return text.replaceAll("`", "");
}

/** Aligns the texts. A long term gets a line of its own. */
function table(rows: readonly Row[]): string {
  const width = Math.min(24, Math.max(...rows.map(({ term }) => term.length)) + 2);
  const margin = " ".repeat(width + 2);
  return rows
    .flatMap(({ term, text }) => {
      const [first = "", ...rest] = wrap(text, maxColumns - margin.length);
      const own = term.length > width - 2 ? [`  ${term}`, margin + first] : undefined;
      return [
        ...(own ?? [`  ${term.padEnd(width)}${first}`]),
        ...rest.map((line) => margin + line),
      ];
    })
    .join("\n");
}

/** Breaks a text into lines of at most `columns` columns, between words. */
function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= columns) line = longer;
    else {
      if (line !== "") lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

/** Returns the arguments as the usage line shows them. */
function argumentsOf({ arguments: known }: Command): string {
  return known
    .map(({ name, isOptional, isRest }) => {
      const shown = isRest ? `${name}...` : name;
      return isOptional ? `[${shown}]` : `<${shown}>`;
    })
    .join(" ");
}
