/**
 * Writes the generated parts of docs/cli.md from the declarations of the commands:
 *
 *     node --import tsx tools/cli-reference.ts [--check]
 *
 * With `--check` nothing is written: a page that is out of date is a failure.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  type Command,
  type CommandOption,
  defaultOf,
  programOptions,
} from "../packages/cli/src/command-line.ts";
import { commands } from "../packages/cli/src/commands.ts";
import { variables } from "../packages/cli/src/environment.ts";
import { exitCodes } from "../packages/cli/src/exit-codes.ts";
import { optionTerm, usageOf } from "../packages/cli/src/help.ts";
import { fill, tableOf, writeGenerated } from "./generated.ts";

const command = "node --import tsx tools/cli-reference.ts";
const page = "docs/cli.md";

/** Returns the page with its generated parts up to date. */
export function withReference(document: string, known: readonly Command[]): string {
  const parts: (readonly [name: string, text: string])[] = [
    ["commands", overviewOf(known)],
    ...known.map((each) => [`lutra ${each.name}`, sectionOf(each)] as const),
    ["variables", variablesOf(known)],
    ["exit codes", exitCodesTable()],
  ];
  return parts.reduce((text, [name, part]) => fill(text, name, part), document);
}

function overviewOf(known: readonly Command[]): string {
  const rows = known.map((each) => [
    `[\`${usageOf(each)}\`](#${`lutra ${each.name}`.replaceAll(" ", "-")})`,
    each.summary,
  ]);
  const options = Object.entries(programOptions).map(([name, option]) => [
    `\`lutra ${optionTerm(name, option).split(", ").join("`, `lutra ")}\``,
    sentence(option.description),
  ]);
  return tableOf(["Command", "Purpose"], [...rows, ...options]);
}

/** The details, the examples and the arguments of a command. */
function sectionOf(each: Command): string {
  const { name, details, examples = [], options } = each;
  const lines = examples.map((example) => `npx lutra ${name} ${example}`);
  const shown = lines.length === 0 ? [] : [["```sh", ...lines, "```"].join("\n")];
  const rows = [
    ...each.arguments.map(({ name, description, isOptional }) => [
      `\`${name}\``,
      sentence(description),
      isOptional ? "" : "required",
    ]),
    ...Object.entries(options).map(optionRow),
  ];
  const table = tableOf(["Argument or option", "Meaning", "Default"], rows);
  return [`\`${usageOf(each)} [options]\``, details, ...shown, table].join("\n\n");
}

function optionRow([name, option]: readonly [string, CommandOption]): string[] {
  const { description, isRepeatable } = option;
  const meaning = isRepeatable ? `${description}. Repeatable` : description;
  return [`\`${optionTerm(name, option)}\``, sentence(meaning), defaultOf(option) ?? ""];
}

function variablesOf(known: readonly Command[]): string {
  const rows = Object.entries(variables).map(([variable, meaning]) => {
    const users = known
      .filter(({ options }) => Object.values(options).some((each) => each.variable === variable))
      .map(({ name }) => `\`lutra ${name}\``);
    return [`\`${variable}\``, sentence(meaning), users.length === 0 ? "all" : users.join(", ")];
  });
  return tableOf(["Variable", "Meaning", "Commands"], rows);
}

function exitCodesTable(): string {
  const rows = Object.entries(exitCodes).map(([code, reason]) => [code, sentence(reason)]);
  return tableOf(["Exit code", "Reason"], rows);
}

/** Begins a phrase with a capital letter and ends it with a full stop. */
function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function main(): number {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const document = readFileSync(join(root, page), "utf8");
  return writeGenerated(root, command, { [page]: withReference(document, commands) });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
