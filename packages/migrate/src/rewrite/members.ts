/** Members of object literals, and their text without the braces. */
import { isNode, nameOf, type Syntax } from "../source/syntax.ts";
import type { Draft } from "./draft.ts";

/** Returns the members of an object literal by name; `undefined` if one of them is not written out. */
export function membersOf(object: Syntax): ReadonlyMap<string, Syntax> | undefined {
  const members = new Map<string, Syntax>();
  for (const property of object.properties as readonly Syntax[]) {
    const name = isNode(property, "Property") ? nameOf(property.key) : undefined;
    if (name === undefined) return undefined;
    members.set(name, property);
  }
  return members;
}

/** Returns one member of an object literal. */
export function memberOf(object: Syntax, name: string): Syntax | undefined {
  const properties = object.properties as readonly Syntax[];
  return properties.find((each) => isNode(each, "Property") && nameOf(each.key) === name);
}

/**
 * Removes the braces around the members of an object literal, or spreads any other expression. The
 * members can then be part of another literal.
 */
export function inline(draft: Draft, node: Syntax): void {
  if (node.type !== "ObjectExpression") {
    draft.insert(node.start, "...");
    return;
  }
  const properties = node.properties as readonly Syntax[];
  const [first, last] = [properties[0], properties.at(-1)];
  if (first === undefined || last === undefined) {
    draft.replace(node.start, node.end, "");
    return;
  }
  draft.replace(node.start, node.start + 1, "");
  draft.replace(last.end, node.end, "");
}

/** Returns the separator before the members of a literal without braces, which keep their white space. */
export function separator(draft: Draft, object: Syntax): string {
  return /^\{\s/.test(draft.text(object)) ? "," : ", ";
}

/** Renames a member. A short form keeps its value: `execute` becomes `call: execute`. */
export function rename(draft: Draft, property: Syntax, name: string): void {
  const key = property.key as Syntax;
  if (property.shorthand === true) draft.insert(property.start, `${name}: `);
  // A method `execute() {}` keeps its form with the new name.
  else draft.replace(key.start, key.end, name);
}
