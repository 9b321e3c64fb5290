/** Imports of a module: the names that it takes from other modules. */
import { bare, isNode, nameOf, type Syntax, textOf, walk } from "./syntax.ts";

/** A name of another module. */
export interface Binding {
  /** The name in the other module; `*` for all of them. */
  readonly imported: string;
  /** The other module, as the import names it. */
  readonly from: string;
}

export interface Imports {
  /** The names of this module that are imported. */
  readonly bindings: ReadonlyMap<string, Binding>;
  /** All modules that are imported or exported again, in the order of the source. */
  readonly modules: readonly string[];
}

/** Finds `import`, `export ... from`, `require(...)` and `import(...)`. */
export function importsOf(program: Syntax): Imports {
  const bindings = new Map<string, Binding>();
  const modules: string[] = [];
  const bind = (local: unknown, imported: string, from: string) => {
    if (isNode(local, "Identifier")) bindings.set(String(local.name), { imported, from });
  };
  walk(program, (node) => {
    const named = /^(?:Im|Ex)port/.test(node.type) ? textOf(node.source) : loadedModule(node);
    if (named !== undefined) modules.push(named);
    if (named !== undefined && node.type === "ImportDeclaration") {
      for (const specifier of node.specifiers as readonly Syntax[]) {
        bind(specifier.local, importedName(specifier), named);
      }
    }
    const loaded = node.type === "VariableDeclarator" ? loadedModule(node.init) : undefined;
    if (loaded !== undefined) bindAll(node.id, loaded, bind);
  });
  return { bindings, modules };
}

function importedName(specifier: Syntax): string {
  if (specifier.type === "ImportDefaultSpecifier") return "default";
  return nameOf(specifier.imported) ?? "*";
}

/** Returns the module that `require(...)` or `await import(...)` loads. */
function loadedModule(value: unknown): string | undefined {
  const node = bare(value);
  if (isNode(node, "ImportExpression")) return textOf(node.source);
  if (!isNode(node, "CallExpression") || nameOf(node.callee) !== "require") return undefined;
  return textOf((node.arguments as readonly Syntax[])[0]);
}

function bindAll(
  target: unknown,
  from: string,
  bind: (local: unknown, imported: string, from: string) => void,
): void {
  const isTaken = isNode(target, "ObjectPattern");
  if (!isTaken) bind(target, "*", from);
  for (const property of isTaken ? (target.properties as readonly Syntax[]) : []) {
    const imported = nameOf(property.key);
    if (imported !== undefined) bind(property.value, imported, from);
  }
}
