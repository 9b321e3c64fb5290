/** The names that a module uses already, which an import must not declare again. */
import { importsOf } from "../source/bindings.ts";
import { isNode, type Syntax, walk } from "../source/syntax.ts";

/** Returns the names in use, and for each the module from which it is imported, if it is. */
export function takenNames(program: Syntax): ReadonlyMap<string, string | undefined> {
  const { bindings } = importsOf(program);
  const taken = new Map<string, string | undefined>();
  walk(program, (node, ancestors) => {
    const isName = isNode(node, "Identifier") && !isMember(node, ancestors.at(-1));
    if (isName) taken.set(String(node.name), undefined);
  });
  for (const [name, { from, imported }] of bindings) {
    taken.set(name, imported === name ? from : undefined);
  }
  return taken;
}

/** Returns true for the name of a member: `b` in `a.b` and in `{ b: 1 }`. */
function isMember(name: Syntax, parent: Syntax | undefined): boolean {
  if (parent === undefined || parent.computed === true || parent.shorthand === true) return false;
  return parent.property === name || (parent.key === name && parent.value !== name);
}
