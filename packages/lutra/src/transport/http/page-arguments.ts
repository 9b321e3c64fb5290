/** The arguments of tools and prompts, as a page for people shows them. */
import { isObject, type JSONObject } from "../../protocol/json.ts";

export interface PageArgument {
  readonly name: string;
  /** The type or the values; absent if the schema does not name them, and for prompts. */
  readonly type: string | undefined;
  readonly isRequired: boolean;
}

/** Maximum depth of a type, and maximum number of its alternatives or values. */
const max = { depth: 3, alternatives: 8 };

/** Returns the arguments of a tool or prompt in their order; none for other entries. */
export function readArguments({ inputSchema, arguments: own }: JSONObject): PageArgument[] {
  return isObject(inputSchema) ? ofTool(inputSchema) : ofPrompt(own);
}

function ofTool({ properties, required }: JSONObject): PageArgument[] {
  const needed = new Set(Array.isArray(required) ? required : []);
  return Object.entries(isObject(properties) ? properties : {}).map(([name, schema]) => ({
    name,
    type: typeOf(schema),
    isRequired: needed.has(name),
  }));
}

function ofPrompt(all: unknown): PageArgument[] {
  if (!Array.isArray(all)) return [];
  return all
    .filter(isObject)
    .flatMap(({ name, required }) =>
      typeof name === "string" ? [{ name, type: undefined, isRequired: required === true }] : [],
    );
}

/** Returns the type of a JSON Schema in words, such as `integer` or `array of string`. */
function typeOf(schema: unknown, depth = 0): string | undefined {
  if (!isObject(schema) || depth > max.depth) return undefined;
  const { type, enum: values, const: only, anyOf, oneOf, items } = schema;
  if (Array.isArray(values)) return alternatives(values, (value) => JSON.stringify(value));
  if (only !== undefined) return JSON.stringify(only);
  const parts = anyOf ?? oneOf;
  if (Array.isArray(parts)) return alternatives(parts, (part) => typeOf(part, depth + 1));
  if (Array.isArray(type)) return alternatives(type, String);
  if (typeof type !== "string") return undefined;
  const item = type === "array" ? typeOf(items, depth + 1) : undefined;
  return item === undefined ? type : `array of ${item}`;
}

/** An alternative without a name makes the whole type unknown. */
function alternatives(
  all: readonly unknown[],
  nameOf: (alternative: unknown) => string | undefined,
): string | undefined {
  const names = new Set(all.slice(0, max.alternatives).map(nameOf));
  if (names.size === 0 || names.has(undefined)) return undefined;
  const more = all.length - max.alternatives;
  return [...names].join(" or ") + (more > 0 ? ` or ${more} more` : "");
}
