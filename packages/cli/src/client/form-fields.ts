/** Asks for the fields of a form, one line each. */
import type { ElicitContent, FieldSchema, JSONObject, RequestedSchema } from "lutra/protocol";
import { plainLine } from "./plain-text.ts";
import { type Converted, convertText, typesOf } from "./typed-text.ts";

type Ask = (question: string) => Promise<string>;
type FieldValue = ElicitContent[string];

/** Asks for all fields. An empty answer keeps the value in `known`, or leaves an optional field out. */
export async function askFields(
  schema: RequestedSchema,
  known: ElicitContent,
  ask: Ask,
): Promise<ElicitContent> {
  const content: { [field: string]: FieldValue } = {};
  for (const [name, field] of Object.entries(schema.properties)) {
    const isRequired = schema.required?.includes(name) ?? false;
    const value = await askField({ name, field, isRequired, known: known[name] }, ask);
    if (value !== undefined) content[name] = value;
  }
  return content;
}

interface Field {
  readonly name: string;
  readonly field: FieldSchema;
  readonly isRequired: boolean;
  readonly known: FieldValue | undefined;
}

async function askField(asked: Field, ask: Ask): Promise<FieldValue | undefined> {
  const { field, isRequired, known } = asked;
  const choices = choicesOf(field);
  for (const [index, { title }] of choices.entries()) {
    process.stderr.write(`    ${index + 1}  ${plainLine(title)}\n`);
  }
  for (;;) {
    const text = await ask(questionOf(asked, choices.length));
    if (text === "" && (known !== undefined || !isRequired)) return known;
    const { expected, ...converted } = convertAnswer(text, field, choices);
    if (expected === undefined) return (converted as { value: FieldValue }).value;
    process.stderr.write(`  Expected ${expected}\n`);
  }
}

function questionOf({ name, field, isRequired, known }: Field, choices: number): string {
  const { title = name, description } = field;
  const hint =
    field.type === "boolean"
      ? "yes or no"
      : choices > 0
        ? `1 to ${choices}${field.type === "array" ? ", with commas" : ""}`
        : undefined;
  const notes = [description, hint, isRequired ? undefined : "optional"].filter((note) => note);
  const shown =
    known === undefined ? "" : ` [${known === true ? "yes" : known === false ? "no" : known}]`;
  const noted = notes.length === 0 ? "" : ` (${notes.join("; ")})`;
  return `  ${plainLine(`${title}${noted}${shown}`)}: `;
}

interface Choice {
  readonly value: string;
  readonly title: string;
}

function choicesOf(field: FieldSchema): readonly Choice[] {
  if (field.type === "array") {
    const { items } = field;
    if ("enum" in items) return items.enum.map((value) => ({ value, title: value }));
    return items.anyOf.map(({ const: value, title }) => ({ value, title }));
  }
  if (field.type !== "string") return [];
  const { oneOf, enum: values = [], enumNames = [] } = field;
  if (oneOf !== undefined) return oneOf.map(({ const: value, title }) => ({ value, title }));
  return values.map((value, index) => ({ value, title: enumNames[index] ?? value }));
}

function convertAnswer(text: string, field: FieldSchema, choices: readonly Choice[]): Converted {
  if (text === "") return { expected: "an answer" };
  if (field.type === "boolean")
    return convertText(booleans.get(text.toLowerCase()) ?? text, ["boolean"]);
  if (field.type === "array") {
    const parts = text.split(",").map((part) => chosen(part.trim(), choices));
    return parts.includes(undefined) ? { expected: "numbers of the list" } : { value: parts };
  }
  if (choices.length > 0) {
    const value = chosen(text, choices);
    return value === undefined ? { expected: "a number of the list" } : { value };
  }
  if (field.type === "string") return { value: text };
  const schema = field as unknown as JSONObject;
  return convertText(text, typesOf(schema, schema));
}

const booleans: ReadonlyMap<string, string> = new Map([
  ["y", "true"],
  ["yes", "true"],
  ["n", "false"],
  ["no", "false"],
]);

/** Returns the choice with this value, this title or this number. */
function chosen(text: string, choices: readonly Choice[]): string | undefined {
  const named = choices.find(({ value, title }) => value === text || title === text);
  const numbered = /^\d+$/.test(text) ? choices[Number(text) - 1] : undefined;
  return (named ?? numbered)?.value;
}
