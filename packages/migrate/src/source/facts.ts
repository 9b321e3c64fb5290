/** Facts about a module: the flat list of its uses of names, strings and codes that rules match. */
import type { Binding } from "./bindings.ts";
import { sdkOf } from "./sdks.ts";
import { bare, isNode, nameOf, type Syntax, textOf, walk } from "./syntax.ts";

export interface Fact {
  /**
   * - `reference`: a name that is imported from an SDK
   * - `call`: a call of a method or function
   * - `member`: a member that is read, assigned or destructured
   * - `key`: a key of an object literal whose value is not `undefined`
   * - `string`: a string literal
   * - `code`: a negative integer
   * - `keyed`: a container with a value for each session
   * - `state`: a value that lives as long as the module, and that functions change
   */
  readonly kind: "reference" | "call" | "member" | "key" | "string" | "code" | "keyed" | "state";
  /** The name, the text or the number. */
  readonly name: string;
  /** The object of a call or member as it is written; empty if there is none. */
  readonly of: string;
  /** The position in the source. */
  readonly start: number;
}

/** Returns the uses in a module, in the order of the source. */
export function usesOf(
  program: Syntax,
  source: string,
  bindings: ReadonlyMap<string, Binding>,
): readonly Fact[] {
  const facts: Fact[] = [];
  walk(program, (node, ancestors) => {
    const use = { node, ancestors, parent: ancestors.at(-1), source, bindings };
    for (const { kind, name, start, of = "" } of readers[node.type]?.(use) ?? []) {
      if (name !== undefined) facts.push({ kind, name, of, start });
    }
  });
  return facts;
}

interface Use {
  readonly node: Syntax;
  readonly parent: Syntax | undefined;
  readonly ancestors: readonly Syntax[];
  readonly source: string;
  readonly bindings: ReadonlyMap<string, Binding>;
}

/** A fact, if its name is written out. */
interface FoundFact {
  readonly kind: Fact["kind"];
  readonly name: string | undefined;
  readonly start: number;
  readonly of?: string;
}

type Reader = (use: Use) => readonly FoundFact[];

const stringFact: Reader = ({ node, parent }) =>
  parent?.source === node ? [] : [{ kind: "string", name: textOf(node), start: node.start }];

/** The facts in a node, by its type. */
const readers: { readonly [type: string]: Reader } = {
  Identifier: ({ node, ancestors, bindings }) => {
    const binding = isReference(node, ancestors) ? bindings.get(String(node.name)) : undefined;
    const isOfSdk = binding !== undefined && sdkOf(binding.from) !== undefined;
    return isOfSdk ? [{ kind: "reference", name: binding.imported, start: node.start }] : [];
  },
  MemberExpression: ({ node, parent, source, bindings }) => {
    const name = nameOf(node.property, node.computed === true);
    const { start } = node.property as Syntax;
    const object = bare(node.object);
    const of = object === undefined ? "" : endOf(source, object);
    const isCalled = parent?.type === "CallExpression" && parent.callee === node;
    const use = { kind: isCalled ? "call" : "member", name, start, of } as const;
    return bindings.get(of)?.imported === "*" ? [{ kind: "reference", name, start }, use] : [use];
  },
  CallExpression: ({ node }) => {
    const isName = isNode(node.callee, "Identifier");
    return isName ? [{ kind: "call", name: nameOf(node.callee), start: node.start }] : [];
  },
  Property: ({ node, parent }) => {
    const kind = parent?.type === "ObjectPattern" ? "member" : "key";
    const isAbsent = nameOf(node.value) === "undefined";
    return isAbsent ? [] : [{ kind, name: nameOf(node.key), start: node.start }];
  },
  Literal: stringFact,
  TemplateLiteral: stringFact,
  UnaryExpression: ({ node }) => {
    const isCode = node.operator === "-" && isNode(node.argument, "Literal");
    const { value } = node.argument as Syntax;
    return isCode ? [{ kind: "code", name: `-${value}`, start: node.start }] : [];
  },
};

/** Rules compare the last names of an object, and a chain of calls may be long. */
const maxWrittenLength = 200;

/** Returns the end of the text of a node. */
function endOf(source: string, { start, end }: Syntax): string {
  return source.slice(Math.max(start, end - maxWrittenLength), end);
}

/** False for a name that is declared, imported, or a member or key. */
function isReference(node: Syntax, ancestors: readonly Syntax[]): boolean {
  const parent = ancestors.at(-1);
  if (parent === undefined || /^(?:Import|Export).*Specifier$/.test(parent.type)) return false;
  if (parent.type === "MemberExpression") return parent.object === node || parent.computed === true;
  if (ancestors.at(-2)?.type === "ObjectPattern") return false;
  const isKeyed = /^(?:Property|MethodDefinition|PropertyDefinition)$/.test(parent.type);
  if (isKeyed) return parent.value === node || parent.computed === true;
  return !(parent.type === "VariableDeclarator" && parent.id === node);
}
