/** Converts text of a command line or a form to the value that a JSON Schema describes. */
import { isObject, type JSONObject } from "lutra/protocol";

/** A JSON type that text is converted to. */
export type TextType = "string" | "number" | "integer" | "boolean" | "null" | "array" | "object";

const isTextType = (value: unknown): value is TextType =>
  ["string", "number", "integer", "boolean", "null", "array", "object"].some(
    (type) => type === value,
  );

/** A value, or a noun phrase for the value that was expected. */
export type Converted =
  | { readonly value: unknown; readonly expected?: undefined }
  | { readonly expected: string };

/** Resolves a reference to another part of the schema of a tool, such as `#/$defs/Point`. */
export function resolved(schema: unknown, root: JSONObject): JSONObject {
  let found: unknown = schema;
  // A chain of references is followed only so far, because it may be a circle.
  for (let links = 0; links < 8; links += 1) {
    if (!isObject(found) || typeof found.$ref !== "string" || !found.$ref.startsWith("#/")) break;
    const path = found.$ref.slice(2).split("/");
    found = path.reduce<unknown>((part, name) => (isObject(part) ? part[name] : undefined), root);
  }
  return isObject(found) ? found : {};
}

/** Returns the types that a schema allows, in its order; none if it does not restrict them. */
export function typesOf(schema: JSONObject, root: JSONObject): readonly TextType[] {
  const { type, anyOf, oneOf } = schema;
  if (type !== undefined) return (Array.isArray(type) ? type : [type]).filter(isTextType);
  const constants = Array.isArray(schema.enum)
    ? schema.enum
    : "const" in schema
      ? [schema.const]
      : [];
  const choices = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : [];
  const types = [
    ...constants.map(typeOfValue),
    ...choices.flatMap((choice) => typesOf(withoutChoices(resolved(choice, root)), root)),
  ];
  return [...new Set(types)];
}

/** Choices within choices are not followed, because a schema may contain itself. */
function withoutChoices({ anyOf: _anyOf, oneOf: _oneOf, ...schema }: JSONObject): JSONObject {
  return schema;
}

function typeOfValue(value: unknown): TextType {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "number" || type === "boolean" || type === "string" ? type : "object";
}

/** Converts the text to one of the types. Text that fits another type is a string if that is allowed. */
export function convertText(text: string, types: readonly TextType[]): Converted {
  const value = parseJSON(text);
  const isAny = types.length === 0;
  if (value !== undefined && (isAny || types.some((type) => fits(value, type)))) return { value };
  if (isAny || types.includes("string")) return { value: text };
  return { expected: types.map((type) => phrases[type]).join(" or ") };
}

const phrases: { readonly [type in TextType]: string } = {
  string: "text",
  number: "a number",
  integer: "an integer",
  boolean: "true or false",
  null: "null",
  array: "a JSON array",
  object: "a JSON object",
};

/** Returns the decoded text; strings in quotes are text, and not JSON. */
function parseJSON(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "string" ? undefined : value;
  } catch {
    return undefined;
  }
}

function fits(value: unknown, type: TextType): boolean {
  if (type === "integer") return Number.isInteger(value);
  return typeOfValue(value) === type;
}
