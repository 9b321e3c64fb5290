/** The help of a tool or prompt, from its entry in the list of the server. */
import type { JSONObject, Prompt, Tool } from "lutra/protocol";
import { placeholderOf, propertiesOf } from "./arguments.ts";
import type { Connected } from "./connect.ts";
import { callOptions } from "./options.ts";
import { plainLine, plainText } from "./plain-text.ts";
import { type Row, type Screen, tableLines, wrapped } from "./screen.ts";
import { typesOf } from "./typed-text.ts";

/** Returns the arguments of a tool, with the required ones first. */
function argumentRows({ inputSchema }: Tool): readonly Row[] {
  const required = requiredOf(inputSchema);
  const rows = Object.entries(propertiesOf(inputSchema)).map(([name, part]) => ({
    isRequired: required.includes(name),
    row: {
      term: [`--${plainLine(name)}`, placeholderOf(part, inputSchema)].join(" ").trim(),
      text: notesOf(name, part, { root: inputSchema, isRequired: required.includes(name) }),
    },
  }));
  const first = rows.filter(({ isRequired }) => isRequired);
  return [...first, ...rows.filter(({ isRequired }) => !isRequired)].map(({ row }) => row);
}

/** Returns the arguments as a usage line shows them: `--a NUMBER [--b TEXT]`. */
export function argumentsLine({ inputSchema }: Tool): string {
  const required = requiredOf(inputSchema);
  return Object.entries(propertiesOf(inputSchema))
    .map(([name, part]) => {
      const shown = [`--${name}`, placeholderOf(part, inputSchema)].join(" ").trim();
      return required.includes(name) ? shown : `[${shown}]`;
    })
    .map(plainLine)
    .join(" ");
}

/** Prints the help of a tool. */
export function printToolHelp(tool: Tool, { usageOf, screen }: Connected): void {
  const { name, title, description, annotations } = tool;
  const usage = usageOf("call", `${plainLine(name)} ${argumentsLine(tool)}`.trimEnd());
  const hints = [
    annotations?.readOnlyHint === true ? "read-only" : undefined,
    annotations?.destructiveHint === true ? "destructive" : undefined,
    annotations?.idempotentHint === true ? "idempotent" : undefined,
  ].filter((hint) => hint !== undefined);
  const texts = [title, description].filter((text) => text !== undefined);
  const hinted = hints.length === 0 ? [] : [`The server says: ${hints.join(", ")}.`];
  printHelp({ usage, texts: [...texts, ...hinted], rows: argumentRows(tool) }, screen);
}

/** Prints the help of a prompt. Its arguments are texts. */
export function printPromptHelp(prompt: Prompt, { usageOf, screen }: Connected): void {
  const { name, title, description, arguments: known = [] } = prompt;
  const shown = known.map(({ name, required }) =>
    required ? `--${name} TEXT` : `[--${name} TEXT]`,
  );
  const usage = usageOf("prompt", plainLine([name, ...shown].join(" ")));
  const texts = [title, description].filter((text) => text !== undefined);
  const rows = known.map(({ name, description = "", required }) => ({
    term: plainLine(`--${name} TEXT`),
    text: plainLine(`${description}${required ? " (required)" : ""}`),
  }));
  printHelp({ usage, texts, rows }, screen);
}

interface Help {
  readonly usage: string;
  readonly texts: readonly string[];
  readonly rows: readonly Row[];
}

function printHelp({ usage, texts, rows }: Help, screen: Screen): void {
  const paragraphs = texts.flatMap((text) => [
    "",
    ...plainText(text)
      .split("\n")
      .flatMap((line) => wrapped(line, screen.columns)),
  ]);
  const table =
    rows.length === 0 ? ["", "No arguments."] : ["", "Arguments:", ...tableLines(rows, screen)];
  screen.print([...wrapped(`Usage: ${usage}`, screen.columns), ...paragraphs, ...table].join("\n"));
}

function requiredOf({ required }: JSONObject): readonly unknown[] {
  return Array.isArray(required) ? required : [];
}

/** Options of the command take precedence over arguments of the same name. */
const reserved = new Set(["help", ...Object.keys(callOptions)]);

function notesOf(
  name: string,
  part: JSONObject,
  { root, isRequired }: { readonly root: JSONObject; readonly isRequired: boolean },
): string {
  const { description, enum: values, default: fallback } = part;
  const notes = [
    isRequired ? "required" : undefined,
    Array.isArray(values) ? `one of ${values.join(", ")}` : undefined,
    typesOf(part, root).includes("array") ? "repeatable" : undefined,
    fallback === undefined ? undefined : `default: ${JSON.stringify(fallback)}`,
    reserved.has(name) ? "only with --args" : undefined,
  ].filter((note) => note !== undefined);
  const text = typeof description === "string" ? description : "";
  return plainLine(`${text}${notes.length === 0 ? "" : ` (${notes.join("; ")})`}`);
}
