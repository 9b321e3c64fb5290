/** Finds the titles of tests, so that other files can refer to them. */
import { type Node, parseSync, Visitor } from "oxc-parser";

/**
 * The titles of a test file: of calls such as `it("title", () => ...)`, with or without modifiers,
 * and of cases such as `{ name: "title", run: () => ... }`.
 */
export function testTitlesOf(path: string, source: string): Set<string> {
  const titles = new Set<string>();
  const { program } = parseSync(path, source);
  const visitor = new Visitor({
    CallExpression: ({ arguments: [first, ...rest] }) => {
      const title = first && textOf(first, source);
      if (title !== undefined && rest.length > 0) titles.add(title);
    },
    ObjectExpression: ({ properties }) => {
      for (const property of properties) {
        if (property.type !== "Property" || property.key.type !== "Identifier") continue;
        const title = property.key.name === "name" ? textOf(property.value, source) : undefined;
        if (title !== undefined) titles.add(title);
      }
    },
  });
  visitor.visit(program);
  return titles;
}

/** The text of a literal. The expressions of a template keep their source text. */
function textOf(node: Node, source: string): string | undefined {
  if (node.type === "Literal") return typeof node.value === "string" ? node.value : undefined;
  return node.type === "TemplateLiteral" ? source.slice(node.start + 1, node.end - 1) : undefined;
}
