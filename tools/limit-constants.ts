/** Extracts the numbers that a source file gives to names: constants and defaults of options. */
import { parseSync, Visitor } from "oxc-parser";

/** A name, and a number that the file gives to it. */
export interface LimitConstant {
  readonly name: string;
  readonly value: number;
}

/** Any node of the syntax tree, as far as this file reads it. */
interface Syntax {
  readonly type: string;
  readonly [member: string]: unknown;
}

/**
 * Returns the number of each constant, default of a parameter or destructured option, member of an
 * object, and key of a configuration schema (`.default(...)`).
 */
export function limitConstantsOf(path: string, source: string): LimitConstant[] {
  const found: LimitConstant[] = [];
  const add = (name: unknown, value: unknown) => {
    const number = numberOf(value as Syntax | null) ?? schemaDefault(value as Syntax | null);
    const text = nameOf(name as Syntax);
    if (text !== undefined && number !== undefined) found.push({ name: text, value: number });
  };
  const { program } = parseSync(path, source);
  new Visitor({
    VariableDeclarator: ({ id, init }) => add(id, init),
    AssignmentPattern: ({ left, right }) => add(left, right),
    Property: ({ key, value }) => add(key, value),
  }).visit(program);
  return found;
}

/**
 * Returns true for a name that states a maximum. `maxMs` is the longest pause between two tries, which
 * refuses nothing.
 */
export function statesLimit(name: string): boolean {
  return /^max$|^max[A-Z]|Max[A-Z]|Limit$/.test(name) && name !== "maxMs";
}

function nameOf(node: Syntax): string | undefined {
  return node.type === "Identifier" ? (node.name as string) : undefined;
}

/** Evaluates a number, a product of numbers, and the default in `option ?? number`. */
function numberOf(node: Syntax | null): number | undefined {
  if (node?.type === "Literal" && typeof node.value === "number") return node.value;
  if (node?.type === "LogicalExpression" && node.operator === "??") {
    return numberOf(node.right as Syntax);
  }
  if (node?.type !== "BinaryExpression" || node.operator !== "*") return undefined;
  const [left, right] = [numberOf(node.left as Syntax), numberOf(node.right as Syntax)];
  return left === undefined || right === undefined ? undefined : left * right;
}

/** Returns the argument of `.default(...)` in a chain of calls. */
function schemaDefault(node: Syntax | null): number | undefined {
  if (node?.type !== "CallExpression") return undefined;
  const callee = node.callee as Syntax;
  if (callee.type !== "MemberExpression") return undefined;
  const [first] = node.arguments as Syntax[];
  if (nameOf(callee.property as Syntax) === "default") return numberOf(first ?? null);
  return schemaDefault(callee.object as Syntax);
}
