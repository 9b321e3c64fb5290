/** The arguments of a tool or prompt: their conversion from a command line, and their help. */
import { text as readText } from "node:stream/consumers";
import { closest } from "lutra/internal";
import { isObject, type JSONObject, type Tool } from "lutra/protocol";
import { createJSONSchemaValidator } from "lutra/server";
import { CommandError } from "../command-error.ts";
import type { CommandLine } from "../command-line.ts";
import { textOption } from "./options.ts";
import type { NamedArgument } from "./split-words.ts";
import { convertText, resolved, type TextType, typesOf } from "./typed-text.ts";

/**
 * Returns the arguments of a tool from a command line. They fit the schema of the tool.
 *
 * @throws {CommandError} for unknown, missing and invalid arguments
 */
export async function toolArguments(
  line: CommandLine,
  { name, inputSchema }: Tool,
): Promise<JSONObject> {
  const given = await givenArguments(line);
  const properties = propertiesOf(inputSchema);
  const args = { ...given, ...convertNamed(line, inputSchema, name) };
  const { required } = inputSchema;
  const missing = (Array.isArray(required) ? required : []).find(
    (each) => !Object.hasOwn(args, each),
  );
  if (missing !== undefined) {
    const placeholder = placeholderOf(properties[missing] ?? {}, inputSchema);
    throw usageError(name, `missing --${missing} ${placeholder}`);
  }
  const problem = createJSONSchemaValidator()(inputSchema)(args);
  if (problem !== undefined) throw usageError(name, problem);
  return args;
}

/**
 * Returns the object that `--args` contains or that standard input contains for `--args -`.
 *
 * @throws {CommandError} for other text
 */
export async function givenArguments(line: CommandLine): Promise<JSONObject> {
  const given = textOption(line, "args");
  if (given === undefined) return {};
  const json = given === "-" ? await readText(process.stdin) : given;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // Reported below.
  }
  if (isObject(value)) return value;
  throw new CommandError(`--args: expected a JSON object such as '{"a": 1}'`, 2);
}

/** Converts the options after the name of the tool. A repeated one is an array. */
function convertNamed({ named = [] }: CommandLine, schema: JSONObject, tool: string): JSONObject {
  const properties = propertiesOf(schema);
  const args: { [name: string]: unknown } = {};
  for (const argument of named) {
    const { name } = argument;
    const part = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (part === undefined) requireOpen(schema, name, tool);
    const { value, isItem } = convertArgument(argument, part ?? {}, { schema, tool });
    args[name] = isItem ? [...itemsOf(args[name]), value] : value;
  }
  return args;
}

function convertArgument(
  { name, value }: NamedArgument,
  part: JSONObject,
  { schema, tool }: { readonly schema: JSONObject; readonly tool: string },
): { readonly value: unknown; readonly isItem: boolean } {
  const types = typesOf(part, schema);
  const isSwitch = types.includes("boolean") || types.length === 0;
  const text = value ?? (isSwitch ? "true" : undefined);
  if (text === undefined) throw usageError(tool, `--${name} requires a value`);
  const isItem = isOneItem(text, types);
  const items = isItem ? typesOf(resolved(part.items, schema), schema) : types;
  const converted = convertText(text, items);
  if (converted.expected === undefined) return { value: converted.value, isItem };
  throw usageError(tool, `--${name} ${value ?? ""}: expected ${converted.expected}`);
}

/** True for the text of one item of an array, and not of a whole one. */
function isOneItem(text: string, types: readonly TextType[]): boolean {
  return types.includes("array") && !types.includes("string") && !text.startsWith("[");
}

function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Throws for an argument that the schema does not name, unless it allows others. */
function requireOpen(schema: JSONObject, name: string, tool: string): void {
  const { additionalProperties } = schema;
  if (additionalProperties === true || isObject(additionalProperties)) return;
  throw unknownArgument(name, Object.keys(propertiesOf(schema)), tool);
}

/** Returns the error for an argument that a tool or prompt does not have. */
export function unknownArgument(name: string, known: readonly string[], of: string): CommandError {
  const meant = closest(name, known);
  const hint = meant === undefined ? "" : `; did you mean --${meant}?`;
  return usageError(of, `unknown argument --${name}${hint}`);
}

/** Returns the error for the arguments of a tool or prompt. */
export function usageError(name: string, problem: string): CommandError {
  return new CommandError(`${name}: ${problem}; --help shows the arguments`, 2);
}

/** Returns the schemas of the arguments, with references resolved. */
export function propertiesOf(schema: JSONObject): { readonly [name: string]: JSONObject } {
  const { properties } = schema;
  const members = isObject(properties) ? Object.entries(properties) : [];
  return Object.fromEntries(members.map(([name, part]) => [name, resolved(part, schema)]));
}

const placeholders: { readonly [type in TextType]: string } = {
  string: "TEXT",
  number: "NUMBER",
  integer: "INTEGER",
  boolean: "",
  null: "null",
  array: "JSON",
  object: "JSON",
};

/** Returns the name of an argument's value in the help; empty for a switch. */
export function placeholderOf(part: JSONObject, root: JSONObject): string {
  const types = typesOf(part, root);
  if (types.length === 0) return "JSON";
  if (types.length === 1 && types[0] === "array") {
    const items = typesOf(resolved(part.items, root), root);
    return items.length === 0 ? "JSON" : namesOf(items);
  }
  return namesOf(types);
}

function namesOf(types: readonly TextType[]): string {
  return [...new Set(types.map((type) => placeholders[type]))].join("|");
}
