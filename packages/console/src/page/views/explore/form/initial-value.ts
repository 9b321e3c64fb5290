/** The value with which a form begins. */
import type { JSONObject } from "lutra/protocol";
import { fieldOf } from "./read-schema.ts";

/** Maximum nesting of objects that are filled in. Schemas can contain themselves. */
const maxDepth = 8;

/** Returns the defaults of a schema, and empty objects where objects are required. */
export function initialValue(schema: unknown, root: JSONObject, depth = 0): unknown {
  const field = fieldOf(schema, root);
  if (field.initial !== undefined) return field.initial;
  if (field.kind === "choice" && field.choices.length === 1) return field.choices[0]?.value;
  if (field.kind !== "object" || depth > maxDepth) return undefined;
  const members = field.members.flatMap(({ name, schema: member, isRequired }) => {
    const value = initialMember(member, root, { isRequired, depth: depth + 1 });
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(members);
}

/** Optional objects stay absent, unless they have a default of their own. */
function initialMember(
  schema: JSONObject,
  root: JSONObject,
  { isRequired, depth }: { readonly isRequired: boolean; readonly depth: number },
): unknown {
  const { kind, initial } = fieldOf(schema, root);
  if (initial !== undefined) return initial;
  const isLeftOut = !isRequired && (kind === "object" || kind === "choice");
  return isLeftOut ? undefined : initialValue(schema, root, depth);
}
