/** Finds the exports of an entry point in its built declarations. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "oxc-parser";

type Program = ReturnType<typeof parseSync>["program"];
type Comments = ReturnType<typeof parseSync>["comments"];
type Statement = Program["body"][number];
export type Declaration = NonNullable<
  Extract<Statement, { type: "ExportNamedDeclaration" }>["declaration"]
>;

/** One parsed file of declarations. */
export interface DeclarationFile {
  readonly path: string;
  readonly source: string;
  readonly program: Program;
  readonly comments: Comments;
}

/** A name and the statements that declare it: several for a function with overloads. */
export interface Exported {
  readonly name: string;
  readonly file: DeclarationFile;
  readonly declarations: readonly Declaration[];
}

const parsed = new Map<string, DeclarationFile>();

function fileAt(path: string): DeclarationFile {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  if (!existsSync(path)) throw new Error(`${path}: no such file; run: npm run build`);
  const source = readFileSync(path, "utf8");
  const { program, comments } = parseSync(path, source);
  const file = { path, source, program, comments };
  parsed.set(path, file);
  return file;
}

/**
 * Returns what a file of declarations exports, by name.
 *
 * @throws {Error} for an export whose declaration is not found
 */
export function exportsOf(path: string): readonly Exported[] {
  const file = fileAt(path);
  const found = file.program.body.flatMap((statement): Exported[] => {
    if (statement.type === "ExportAllDeclaration") {
      return [...exportsOf(target(file, statement.source.value))];
    }
    if (statement.type !== "ExportNamedDeclaration") return [];
    if (statement.declaration !== null) return [];
    const from = statement.source === null ? path : target(file, statement.source.value);
    return statement.specifiers.map(({ local, exported }) => ({
      ...declarationOf(from, textOf(local)),
      name: textOf(exported),
    }));
  });
  const own = namesIn(file).map((name) => declarationOf(path, name));
  return [...found, ...own].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Follows re-exports until the file that declares a name. */
function declarationOf(path: string, name: string): Exported {
  const file = fileAt(path);
  const declarations = file.program.body
    .map((statement) => ("declaration" in statement ? statement.declaration : statement))
    .filter((node) => node !== null && nameOf(node as Declaration) === name) as Declaration[];
  if (declarations.length > 0) return { name, file, declarations };
  for (const statement of file.program.body) {
    const relayed = relayOf(file, statement, name);
    if (relayed !== undefined) return relayed;
  }
  throw new Error(`${path}: expected a declaration of ${name}`);
}

/** Returns the declaration of a name that a statement imports or exports from another file. */
function relayOf(file: DeclarationFile, statement: Statement, name: string): Exported | undefined {
  if (statement.type === "ExportAllDeclaration") {
    return exportsOf(target(file, statement.source.value)).find((each) => each.name === name);
  }
  const isRelay =
    statement.type === "ExportNamedDeclaration" || statement.type === "ImportDeclaration";
  if (!isRelay || statement.source === null) return undefined;
  const specifiers: readonly Specifier[] = statement.specifiers;
  const relay = specifiers.map(relayIn).find((each) => each?.outer === name);
  return relay && declarationOf(target(file, statement.source.value), relay.inner);
}

interface Relay {
  readonly inner: string;
  readonly outer: string;
}

interface Specifier {
  readonly local: Named;
  readonly imported?: Named | undefined;
  readonly exported?: Named | undefined;
}

function relayIn({ local, imported, exported }: Specifier): Relay | undefined {
  if (exported !== undefined) return { inner: textOf(local), outer: textOf(exported) };
  if (imported !== undefined) return { inner: textOf(imported), outer: textOf(local) };
  return undefined;
}

type Named = { readonly name: string } | { readonly value: string };

function textOf(node: Named): string {
  return "name" in node ? node.name : node.value;
}

function namesIn({ program }: DeclarationFile): string[] {
  const names = program.body.flatMap((statement) => {
    if (statement.type !== "ExportNamedDeclaration" || statement.declaration === null) return [];
    return [nameOf(statement.declaration) ?? ""];
  });
  return [...new Set(names)];
}

function nameOf(node: Declaration): string | undefined {
  if (node.type === "VariableDeclaration") {
    const [declarator] = node.declarations;
    return declarator?.id.type === "Identifier" ? declarator.id.name : undefined;
  }
  return "id" in node && node.id !== null && "name" in node.id ? node.id.name : undefined;
}

/** The file that a specifier names: beside the importing one, or an entry point of a package. */
function target({ path }: DeclarationFile, specifier: string): string {
  if (specifier.startsWith(".")) {
    return join(dirname(path), specifier.replace(/\.(?:ts|js)$/, ".d.ts"));
  }
  const [, name = "", entry = ""] = /^((?:@[^/]+\/)?[^/]+)(\/.+)?$/.exec(specifier) ?? [];
  const folder = join(import.meta.dirname, "../node_modules", name);
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, exports[`.${entry}`].types);
}
