/** Constants and functions of a module, by name. */
import { bare, isFunction, isNode, nameOf, type Syntax, walk } from "../source/syntax.ts";
import type { Draft } from "./draft.ts";

interface Constant {
  readonly value: Syntax | undefined;
  /** Number of names in the module that are equal to its own, the declaration included. */
  readonly uses: number;
}

/** Returns the constant that a name refers to. Scopes are not distinguished. */
export function constantIn(draft: Draft, { name }: Syntax): Constant | undefined {
  let found: Syntax | undefined;
  let uses = 0;
  walk(draft.module.program, (node) => {
    if (node.type === "Identifier" && node.name === name) uses += 1;
    if (node.type === "VariableDeclarator" && nameOf(node.id) === name) found = bare(node.init);
  });
  return found && { value: found, uses };
}

/** Returns the function of the module that a name refers to. Scopes are not distinguished. */
export function functionIn(draft: Draft, { name }: Syntax): Syntax | undefined {
  let found: Syntax | undefined;
  walk(draft.module.program, (node) => {
    if (node.type === "FunctionDeclaration" && nameOf(node.id) === name) found = node;
    const isNamed = node.type === "VariableDeclarator" && nameOf(node.id) === name;
    const value = isNamed ? bare(node.init) : undefined;
    if (isNode(value) && isFunction(value)) found = value;
  });
  return found;
}

/** Returns an object literal, or that of a constant which is used nowhere else. */
export function literalOf(draft: Draft, node: Syntax | undefined): Syntax | undefined {
  if (isNode(node, "ObjectExpression")) return node;
  if (!isNode(node, "Identifier")) return undefined;
  const constant = constantIn(draft, node);
  const isOwn = constant?.uses === 2 && isNode(constant.value, "ObjectExpression");
  return isOwn ? constant.value : undefined;
}
