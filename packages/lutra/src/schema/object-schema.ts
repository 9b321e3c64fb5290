/** JSON Schemas whose values are objects. */
import { isObject, type JSONObject } from "../protocol/json.ts";

/** Maximum nesting of compositions and references. */
const maxDepth = 16;

/**
 * Returns a schema with the type `object`, or undefined if values of other types are valid. A union
 * of objects has no type of its own; it gets one, which changes no validation.
 *
 * @spec server/tools#tool
 */
export function asObjectSchema(schema: JSONObject): JSONObject | undefined {
  if (schema.type === "object") return schema;
  return isOfObjects(schema, schema, maxDepth) ? { type: "object", ...schema } : undefined;
}

function isOfObjects(schema: unknown, root: JSONObject, depth: number): boolean {
  if (!isObject(schema) || depth === 0) return false;
  const { type, anyOf, oneOf = anyOf, allOf, $ref } = schema;
  const test = (one: unknown) => isOfObjects(one, root, depth - 1);
  if (type !== undefined) return type === "object";
  if (Array.isArray(oneOf)) return oneOf.every(test);
  if (Array.isArray(allOf)) return allOf.some(test);
  const name = typeof $ref === "string" ? /^#\/\$defs\/([^/~%]+)$/.exec($ref)?.[1] : undefined;
  return name !== undefined && isObject(root.$defs) && test(root.$defs[name]);
}
