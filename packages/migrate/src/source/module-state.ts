/**
 * State that lives as long as a module: containers at its top level or in fields of its classes, and
 * variables, which functions change. Functions that only the start of the program calls do not count.
 */
import type { Fact } from "./facts.ts";
import {
  bare,
  childrenOf,
  isFunction,
  isNode,
  nameOf,
  nodesIn,
  type Syntax,
  walk,
} from "./syntax.ts";

const changingMethods: ReadonlySet<string> = new Set([
  "add",
  "delete",
  "pop",
  "push",
  "set",
  "shift",
  "splice",
  "unshift",
]);

/** Returns one fact for each variable and field, at its declaration. */
export function stateOf(program: Syntax): readonly Fact[] {
  const variables = topLevelVariables(program);
  const atStart = startFunctions(program);
  const namesOf = createNameReader();
  const found = new Map<number, Fact>();
  walk(program, (node, ancestors) => {
    const changed = changedBy(node);
    const scopes = changed === undefined ? [] : ancestors.filter(isFunction);
    if (changed === undefined || scopes.length === 0) return;
    if (scopes.some((scope) => atStart.has(scope))) return;
    const { name } = changed;
    const known = name.startsWith("this.") ? fieldsAround(ancestors) : variables;
    const declared = known.get(name);
    if (declared === undefined || (changed.isReplaced && declared.isConstant)) return;
    if (scopes.some((scope) => namesOf(scope).has(name))) return;
    found.set(declared.start, { kind: "state", name, of: "", start: declared.start });
  });
  return [...found.values()];
}

interface Declared {
  readonly start: number;
  readonly isConstant: boolean;
}

function topLevelVariables(program: Syntax): ReadonlyMap<string, Declared> {
  const variables = new Map<string, Declared>();
  for (const statement of program.body as readonly Syntax[]) {
    const declaration = isNode(statement.declaration) ? statement.declaration : statement;
    if (declaration.type !== "VariableDeclaration") continue;
    const isConstant = declaration.kind === "const";
    for (const { id, init, start } of declaration.declarations as readonly Syntax[]) {
      const isKept = isConstant ? isContainer(init) : !isFunction(init);
      if (isNode(id, "Identifier") && isKept) {
        variables.set(String(id.name), { start, isConstant });
      }
    }
  }
  return variables;
}

/** True for an empty or literal container, and for a `Map` or `Set`. */
function isContainer(init: unknown): boolean {
  const node = bare(init);
  if (isNode(node, "ArrayExpression")) return true;
  if (isNode(node, "ObjectExpression")) return true;
  return isNode(node, "NewExpression") && /^(?:Weak)?(?:Map|Set)$/.test(nameOf(node.callee) ?? "");
}

interface Changed {
  /** The name of a variable, or `this.` and the name of a field. */
  readonly name: string;
  /** True if the variable has a new value, false if its container has changed. */
  readonly isReplaced: boolean;
}

function changedBy(node: Syntax): Changed | undefined {
  if (node.type === "AssignmentExpression") return assigned(node.left);
  if (node.type === "UpdateExpression") return assigned(node.argument);
  if (node.type === "UnaryExpression" && node.operator === "delete") return assigned(node.argument);
  if (node.type !== "CallExpression" || !isNode(node.callee, "MemberExpression")) return undefined;
  const { object, property } = node.callee;
  if (!changingMethods.has(nameOf(property) ?? "")) return undefined;
  // A list that is the entry of a container: `branches[id].push(...)`.
  const name = placeOf(object) ?? (isNode(object, "MemberExpression") && placeOf(object.object));
  return name ? { name, isReplaced: false } : undefined;
}

function assigned(target: unknown): Changed | undefined {
  const node = bare(target);
  const whole = placeOf(node);
  if (whole !== undefined) return { name: whole, isReplaced: true };
  if (!isNode(node, "MemberExpression")) return undefined;
  const name = placeOf(node.object);
  return name === undefined || name === "this" ? undefined : { name, isReplaced: false };
}

/** Returns `name` for a variable and `this.name` for a field. */
function placeOf(target: unknown): string | undefined {
  const node = bare(target);
  if (isNode(node, "Identifier")) return String(node.name);
  const isField = isNode(node, "MemberExpression") && isNode(node.object, "ThisExpression");
  const name = isField ? nameOf(node.property, node.computed === true) : undefined;
  return name === undefined ? undefined : `this.${name}`;
}

/** Returns the fields with containers of the class around a node. */
function fieldsAround(ancestors: readonly Syntax[]): ReadonlyMap<string, Declared> {
  const fields = new Map<string, Declared>();
  const body = ancestors.findLast(({ type }) => type === "ClassBody");
  for (const member of (body?.body ?? []) as readonly Syntax[]) {
    const { type, key, value, start } = member;
    if (type === "PropertyDefinition" && isContainer(value)) {
      fields.set(`this.${nameOf(key)}`, { start, isConstant: true });
    } else if (type === "MethodDefinition" && member.kind === "constructor") {
      for (const field of fieldsIn(value as Syntax)) fields.set(...field);
    }
  }
  return fields;
}

/** Returns the fields that a constructor fills with containers. */
function fieldsIn(method: Syntax): readonly [string, Declared][] {
  const found: [string, Declared][] = [];
  walk(method, (node) => {
    if (node.type !== "AssignmentExpression" || !isContainer(node.right)) return;
    const name = placeOf(node.left);
    if (name?.startsWith("this.")) found.push([name, { start: node.start, isConstant: true }]);
  });
  return found;
}

/** Returns a function that reads the parameters and variables of a function, each function once. */
function createNameReader(): (scope: Syntax) => ReadonlySet<string> {
  const read = new Map<Syntax, ReadonlySet<string>>();
  return (scope) => {
    const names = read.get(scope) ?? new Set(declaredIn(scope));
    read.set(scope, names);
    return names;
  };
}

/** Returns the names that a function declares, without those of functions inside. */
function declaredIn({ params, body }: Syntax): readonly string[] {
  const variables = isNode(body) ? nodesIn(body, isFunction) : [];
  const targets = variables.flatMap(({ type, id }) => (type === "VariableDeclarator" ? [id] : []));
  return [...(params as readonly Syntax[]), ...targets].flatMap(namesIn);
}

/** Returns the names in the target of a declaration, which may be a pattern. */
function namesIn(target: unknown): readonly string[] {
  if (!isNode(target)) return [];
  if (target.type === "Identifier") return [String(target.name)];
  if (target.type === "Property") return namesIn(target.value);
  if (target.type === "AssignmentPattern") return namesIn(target.left);
  return childrenOf(target).flatMap(namesIn);
}

/** Returns the functions that are called only by statements at the top level, such as `main()`. */
function startFunctions(program: Syntax): ReadonlySet<Syntax> {
  const declared = new Map<string, Syntax>();
  const called = new Map<string, boolean>();
  walk(program, (node, ancestors) => {
    if (node.type === "FunctionDeclaration") {
      const isExported = ancestors.at(-1)?.type.startsWith("Export");
      const name = nameOf(node.id);
      if (name !== undefined && !isExported) declared.set(name, node);
    } else if (node.type === "CallExpression" && isNode(node.callee, "Identifier")) {
      const name = String(node.callee.name);
      const isAtStart = !ancestors.some(isFunction);
      called.set(name, isAtStart && called.get(name) !== false);
    }
  });
  const names = [...declared].filter(([name]) => called.get(name) === true);
  return new Set(names.map(([, declaration]) => declaration));
}
