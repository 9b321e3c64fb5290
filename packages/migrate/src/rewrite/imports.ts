/** Imports: names of the SDK that are no longer used, and names of Lutra that are needed. */
import { importsOf } from "../source/bindings.ts";
import { sdkOf } from "../source/sdks.ts";
import { childrenWithTypes, nameOf, nodesIn, type Syntax, textOf } from "../source/syntax.ts";
import type { Draft } from "./draft.ts";

/** Corrects the imports after all other changes. */
export function rewriteImports(draft: Draft): void {
  const { program, source } = draft.module;
  const { bindings } = importsOf(program);
  const declarations = (program.body as readonly Syntax[]).filter(
    (node) => node.type === "ImportDeclaration",
  );
  const uses = usesOf(program, draft.dropped);
  for (const declaration of declarations) {
    if (sdkOf(textOf(declaration.source) ?? "") === undefined) continue;
    const specifiers = declaration.specifiers as readonly Syntax[];
    const left = specifiers.filter(({ local }) => uses.has(nameOf(local) ?? ""));
    if (left.length === specifiers.length) continue;
    if (left.length === 0) draft.replace(declaration.start, lineEnd(source, declaration.end), "");
    else if (left.every(({ type }) => type === "ImportSpecifier")) {
      const names = left.map((specifier) => draft.text(specifier)).join(", ");
      const kind = declaration.importKind === "type" ? "import type" : "import";
      const from = draft.text(declaration.source as Syntax);
      draft.replace(declaration.start, declaration.end, `${kind} { ${names} } from ${from};`);
    }
  }
  const lines = linesFor(draft, new Set(bindings.keys()));
  if (lines !== "") draft.insert(declarations[0]?.start ?? firstStatement(program), lines);
}

/** Returns the import statements of the needed names, sorted. */
function linesFor(draft: Draft, imported: ReadonlySet<string>): string {
  const bySubpath = new Map<string, string[]>();
  for (const [name, { specifier, from }] of draft.needed) {
    if (!imported.has(name)) bySubpath.set(from, [...(bySubpath.get(from) ?? []), specifier]);
  }
  return [...bySubpath]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([from, names]) => `import { ${names.sort(byLetter).join(", ")} } from "${from}";\n`)
    .join("");
}

function byLetter(a: string, b: string): number {
  return a.toLowerCase() < b.toLowerCase() ? -1 : 1;
}

/** Returns the names that remain in use, types included, without declarations of imports. */
function usesOf(program: Syntax, dropped: ReadonlySet<number>): ReadonlySet<string> {
  const isImport = ({ type }: Syntax) => type === "ImportDeclaration";
  const names = nodesIn(program, isImport, childrenWithTypes).filter(
    ({ type, start }) => type === "Identifier" && !dropped.has(start),
  );
  return new Set(names.map(({ name }) => String(name)));
}

function lineEnd(source: string, at: number): number {
  return source.startsWith("\n", at) ? at + 1 : at;
}

function firstStatement({ body }: Syntax): number {
  return (body as readonly Syntax[])[0]?.start ?? 0;
}
