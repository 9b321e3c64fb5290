/** Containers of values for each session, by the keys with which they are used. */
import type { Fact } from "./facts.ts";
import { bare, isFunction, isNode, nameOf, type Syntax, walk } from "./syntax.ts";

const keyedMethods: ReadonlySet<string> = new Set(["get", "set", "has", "delete", "add"]);

/** Methods that search a list with a function. */
const searchingMethods: ReadonlySet<string> = new Set(["filter", "find", "findIndex", "some"]);

/** Names that programs give to the id of a session. */
const sessionName = /(?:^|[^a-z])(?:mcp_?)?session_?id$|(?:^|[a-z])SessionId$|^sid$/i;

/** Returns one fact for each container, at its declaration or else at its first use. */
export function keyedBySession(program: Syntax, source: string): readonly Fact[] {
  const declared = new Map<string, number>();
  const used = new Map<string, number>();
  walk(program, (node) => {
    const name = declaredName(node);
    if (name !== undefined && !declared.has(name)) declared.set(name, node.start);
    const container = containerOf(node);
    const written = container && source.slice(container.start, container.end);
    if (written !== undefined && !used.has(written)) used.set(written, node.start);
  });
  return [...used]
    .filter(([name]) => !/headers|query|params|body/i.test(name))
    .map(([name, first]) => {
      const start = declared.get(name.replace(/^this\.#/, "this.")) ?? first;
      return { kind: "keyed", name, of: "", start };
    });
}

/** Returns the name of a variable, or `this.` and the name of a field. */
function declaredName({ type, id, key }: Syntax): string | undefined {
  if (type === "VariableDeclarator") return nameOf(id);
  return type === "PropertyDefinition" ? `this.${nameOf(key)}` : undefined;
}

/** Returns the object of `object[sessionId]` and `object.get(sessionId)`. */
function containerOf({ type, object, property, computed, callee, ...rest }: Syntax) {
  if (type === "MemberExpression")
    return computed && isSession(property) ? bare(object) : undefined;
  if (type !== "CallExpression" || !isNode(callee, "MemberExpression")) return undefined;
  const name = nameOf(callee.property) ?? "";
  const [first] = rest.arguments as readonly Syntax[];
  const isKeyed = keyedMethods.has(name) && isSession(first);
  const isSearched = searchingMethods.has(name) && isFunction(first) && comparesSession(first);
  return isKeyed || isSearched ? bare(callee.object) : undefined;
}

/** True for a function such as `({ sessionId }) => ...` and `(each) => each.sessionId === id`. */
function comparesSession(test: Syntax): boolean {
  let isFound = false;
  walk(test, (node) => {
    if (node.type === "MemberExpression" || node.type === "Property") {
      isFound ||= isSession(node.property ?? node.key);
    }
  });
  return isFound;
}

function isSession(key: unknown): boolean {
  return sessionName.test(lastName(key) ?? "");
}

/** Returns the last name of `sessionId`, `transport.sessionId` or `this.#sessionId`. */
function lastName(key: unknown): string | undefined {
  const node = bare(key);
  return isNode(node, "MemberExpression") ? nameOf(node.property) : nameOf(node);
}
