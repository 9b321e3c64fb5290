/** Schemas of the SDKs: v1 takes the shape of an object schema where Lutra takes the schema. */
import { bare, isNode, nameOf, type Syntax, textOf } from "../source/syntax.ts";
import { constantIn } from "./constants.ts";
import type { Draft } from "./draft.ts";
import { memberOf } from "./members.ts";

/** Turns a shape into a schema. A schema stays as it is. */
export function schemaFromShape(draft: Draft, value: Syntax): void {
  const node = bare(value);
  if (node === undefined) return;
  if (isNode(node, "MemberExpression") && nameOf(node.property) === "shape") {
    draft.replace((node.object as Syntax).end, node.end, "");
  } else if (
    isShape(node) ||
    (isNode(node, "Identifier") && isShape(constantIn(draft, node)?.value))
  ) {
    draft.insert(value.start, "z.object(");
    draft.insert(value.end, ")");
  }
}

/** True for `{ name: z.string() }`, and false for a JSON Schema. */
export function isShape(node: unknown): boolean {
  if (!isNode(node, "ObjectExpression")) return false;
  const type = memberOf(node, "type");
  return type === undefined || textOf(type.value) === undefined;
}
