/** Syntax trees, as far as this package reads them. */
import { visitorKeys } from "oxc-parser";

/** Any node of a syntax tree. */
export interface Syntax {
  readonly type: string;
  /** The position of the first character in the source. */
  readonly start: number;
  /** The position after the last character. */
  readonly end: number;
  readonly [member: string]: unknown;
}

/** True for a node of one of the types, or for any node. */
export function isNode<Type extends string = string>(
  value: unknown,
  ...types: readonly Type[]
): value is Syntax & { readonly type: Type } {
  if (typeof value !== "object" || value === null || !("type" in value)) return false;
  const known: readonly string[] = types;
  return known.length === 0 || known.includes(String(value.type));
}

/** Returns the nodes directly below a node, in the order of the source. Leaves out types. */
export function childrenOf(node: Syntax): readonly Syntax[] {
  const keys = visitorKeys[node.type] ?? [];
  return keys.flatMap((key) => {
    const value = node[key];
    const nodes = (Array.isArray(value) ? value : [value]).filter((each) => isNode(each));
    return nodes.filter((each) => !isType(each));
  });
}

/** TypeScript nodes that contain expressions or statements, which exist at run time. */
const runtime: ReadonlySet<string> = new Set([
  "TSAsExpression",
  "TSEnumBody",
  "TSEnumDeclaration",
  "TSEnumMember",
  "TSExportAssignment",
  "TSInstantiationExpression",
  "TSModuleBlock",
  "TSModuleDeclaration",
  "TSNonNullExpression",
  "TSParameterProperty",
  "TSSatisfiesExpression",
  "TSTypeAssertion",
]);

function isType({ type }: Syntax): boolean {
  return type.startsWith("TS") && !runtime.has(type);
}

const functions: ReadonlySet<string> = new Set([
  "ArrowFunctionExpression",
  "FunctionDeclaration",
  "FunctionExpression",
]);

/** True for a function or method. */
export function isFunction(node: unknown): node is Syntax {
  return isNode(node) && functions.has(node.type);
}

/**
 * Calls `visit` for a node and all nodes below it, in the order of the source. The list of ancestors,
 * the nearest one last, is valid during the call only.
 */
export function walk(
  root: Syntax,
  visit: (node: Syntax, ancestors: readonly Syntax[]) => void,
): void {
  const ancestors: Syntax[] = [];
  // A list instead of a recursion, because a long chain of operators is a deep tree.
  const open: { readonly node: Syntax; readonly rest: Syntax[] }[] = [];
  const enter = (node: Syntax) => {
    visit(node, ancestors);
    open.push({ node, rest: [...childrenOf(node)].reverse() });
    ancestors.push(node);
  };
  enter(root);
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const next = top.rest.pop();
    if (next !== undefined) enter(next);
    else {
      open.pop();
      ancestors.pop();
    }
  }
}

/**
 * Returns a node and all nodes below it, in no particular order. Nodes for which `isLeftOut` is true
 * are left out with those below them.
 */
export function nodesIn(
  root: Syntax,
  isLeftOut: (node: Syntax) => boolean,
  below: (node: Syntax) => readonly Syntax[] = childrenOf,
): readonly Syntax[] {
  const found: Syntax[] = [];
  const open = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (isLeftOut(node)) continue;
    found.push(node);
    for (const child of below(node)) open.push(child);
  }
  return found;
}

/** Returns the nodes directly below a node, types included. */
export function childrenWithTypes(node: Syntax): readonly Syntax[] {
  const values = (visitorKeys[node.type] ?? []).flatMap((key) => node[key]);
  return values.filter((each) => isNode(each));
}

/** Removes casts, `await`, optional chains and parentheses around an expression. */
export function bare(node: unknown): Syntax | undefined {
  if (!isNode(node)) return undefined;
  switch (node.type) {
    case "TSAsExpression":
    case "TSNonNullExpression":
    case "TSSatisfiesExpression":
    case "TSTypeAssertion":
    case "ParenthesizedExpression":
    case "ChainExpression":
      return bare(node.expression);
    case "AwaitExpression":
      return bare(node.argument);
    default:
      return node;
  }
}

/** Returns the name of a member or key that is written out: `a.name`, `a["name"]`, `{ name }`. */
export function nameOf(key: unknown, isComputed = false): string | undefined {
  if (!isNode(key)) return undefined;
  if (key.type === "Literal") return typeof key.value === "string" ? key.value : undefined;
  const isName = key.type === "Identifier" || key.type === "PrivateIdentifier";
  return isName && !isComputed ? String(key.name) : undefined;
}

/** Returns the text of a string literal, or of a template without expressions. */
export function textOf(node: unknown): string | undefined {
  if (isNode(node, "Literal")) return typeof node.value === "string" ? node.value : undefined;
  if (!isNode(node, "TemplateLiteral")) return undefined;
  const quasis = node.quasis as readonly { readonly value: { readonly cooked: string } }[];
  return quasis.length === 1 ? quasis[0]?.value.cooked : undefined;
}
