/** The schema, among several, that a value was entered for. */
import type { JSONObject } from "lutra/protocol";
import { fieldOf } from "./read-schema.ts";

/** The type of the values of a field, by its kind. */
const types: { readonly [kind: string]: string } = {
  string: "string",
  number: "number",
  boolean: "boolean",
  list: "array",
  choices: "array",
  object: "object",
};

/** Returns true if a value has the type of a schema, and its constants. Values need not be complete. */
export function fitsSchema(value: unknown, schema: JSONObject, root: JSONObject): boolean {
  const field = fieldOf(schema, root);
  if (field.kind === "choice") return field.choices.some((choice) => choice.value === value);
  const type = types[field.kind];
  if (type !== undefined && type !== typeName(value)) return false;
  if (field.kind !== "object") return true;
  const members = value as JSONObject;
  return field.members.every(({ name, schema: member }) => {
    const { kind, ...rest } = fieldOf(member, root);
    const isConstant = kind === "choice" && "choices" in rest && rest.choices.length === 1;
    return !isConstant || members[name] === rest.choices[0]?.value;
  });
}

function typeName(value: unknown): string {
  return Array.isArray(value) ? "array" : value === null ? "null" : typeof value;
}
