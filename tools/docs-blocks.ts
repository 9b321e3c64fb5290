/**
 * Writes the code blocks of the documents as files, so that they can be compiled and run:
 *
 *     node --import tsx tools/docs-blocks.ts
 *     node --import tsx tools/docs-blocks.ts test:langchain test/bridges/langchain/.lutra
 *
 * A block becomes `.lutra/docs/<page>/<line>.<language>`, or the file that its first line names in a
 * comment (`// server.ts`, `# gateway.yaml`). All else of the page is blank there, so that lines
 * agree. A comment of the document may declare code of the reader that the next block uses:
 *
 *     <!-- hidden
 *     declare const shelf: { find(title: string): Promise<string[]> };
 *     -->
 *
 * Everything else of a TypeScript block is visible, so that a reader can copy it: its imports, and
 * the values that Lutra creates. Hidden code whose first line names a file becomes that file.
 * `<!-- not checked: reason -->` leaves the next block out, and `<!-- checked by npm run test:docs -->`
 * leaves it to a command that installs its packages; the second form above writes the blocks of one.
 * The server of README.md is beside the blocks of all pages.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { filesBelow } from "./files.ts";

export type Language = "ts" | "json" | "yaml" | "sh" | "";

export interface Block {
  /** The document, from the root of the repository. */
  readonly path: string;
  /** The line of the opening fence, counted from 1. */
  readonly line: number;
  /** Empty for a diagram or an output. */
  readonly language: Language;
  /** The text that readers see. */
  readonly shown: string;
  /** The block and its hidden code, on the lines that they have in the document. */
  readonly text: string;
  /** The file that the first line names. */
  readonly name?: string | undefined;
  /** The reason why the block is not checked. */
  readonly unchecked?: string | undefined;
  /** The script of `package.json` that checks the block, if `npm test` does not. */
  readonly command?: string | undefined;
}

const languages: readonly string[] = ["ts", "json", "yaml", "sh", ""] satisfies Language[];

/**
 * Returns the code blocks of a document.
 *
 * @throws {Error} for an unknown language, a comment or fence without an end, or hidden code of
 * TypeScript that a reader needs
 */
export function blocksOf(path: string, document: string): readonly Block[] {
  const lines = document.split("\n");
  const blocks: Block[] = [];
  const pick = (picked: readonly number[]) =>
    lines.map((line, index) => (picked.includes(index) ? line : "")).join("\n");
  let hidden: readonly number[] = [];
  let marks: Pick<Block, "unchecked" | "command"> = {};
  for (const { kind, line, body, argument } of partsOf(path, lines)) {
    const shown = body.map((index) => lines[index]).join("\n");
    const name = nameIn(shown);
    if (kind === "reason") marks = { unchecked: argument };
    else if (kind === "command") marks = { command: argument };
    else if (kind === "hidden" && name === undefined) hidden = body;
    else if (kind === "hidden" && name !== undefined) {
      const language = name.slice(name.lastIndexOf(".") + 1) as Language;
      blocks.push({ path, line, language, shown: "", text: pick(body), name });
    } else {
      const language = languageOf(path, line, argument);
      if (language === "ts") requireDeclarations(path, lines, hidden);
      const text = pick([...hidden, ...body]);
      blocks.push({ path, line, language, shown, text, name, ...marks });
      hidden = [];
      marks = {};
    }
  }
  return blocks;
}

interface Part {
  readonly kind: "block" | "hidden" | "reason" | "command";
  /** The line on which it begins, counted from 1. */
  readonly line: number;
  /** The indices of the lines between the first and the last one. */
  readonly body: readonly number[];
  /** The language of a block, the reason or the command. */
  readonly argument: string;
}

const forms: readonly { kind: Part["kind"]; begin: RegExp; end?: string }[] = [
  { kind: "block", begin: /^```(.*)$/, end: "```" },
  { kind: "hidden", begin: /^<!-- hidden$/, end: "-->" },
  { kind: "reason", begin: /^<!-- not checked: (.+) -->$/ },
  { kind: "command", begin: /^<!-- checked by npm run ([\w:-]+) -->$/ },
];

/** The blocks and comments of a document in their order. */
function partsOf(path: string, lines: readonly string[]): readonly Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const form = forms.find(({ begin }) => begin.test(lines[at] ?? ""));
    if (form === undefined) continue;
    const [, argument = ""] = form.begin.exec(lines[at] ?? "") ?? [];
    const last = form.end === undefined ? at : lines.indexOf(form.end, at + 1);
    if (last < 0) throw new Error(`${path}:${at + 1}: expected ${form.end} below`);
    const body = Array.from({ length: Math.max(0, last - at - 1) }, (_, index) => at + 1 + index);
    parts.push({ kind: form.kind, line: at + 1, body, argument: argument.trim() });
    at = last;
  }
  return parts;
}

/** Checks that hidden lines only declare code of the reader, and nothing of Lutra. */
function requireDeclarations(
  path: string,
  lines: readonly string[],
  hidden: readonly number[],
): void {
  for (const index of hidden) {
    const line = lines[index] ?? "";
    const isDeclaration = /^(?:declare |[\s})]|$)/.test(line) && !/import\("@?lutra\b/.test(line);
    if (isDeclaration) continue;
    throw new Error(
      `${path}:${index + 1}: expected "declare ..." for code of the reader; show all else in the block`,
    );
  }
}

function languageOf(path: string, line: number, language: string): Language {
  if (languages.includes(language)) return language as Language;
  throw new Error(`${path}:${line}: expected one of ${languages.join(", ")}, got ${language}`);
}

function nameIn(shown: string): string | undefined {
  return /^(?:\/\/|#) ([\w.-]+\.(?:ts|yaml|json))$/.exec(shown.split("\n")[0] ?? "")?.[1];
}

/** The documents whose blocks are checked. Those of docs/api are made from compiled declarations. */
export function documentsOf(root: string): readonly string[] {
  const below = ["docs", "packages"].flatMap((folder) => filesBelow(root, folder));
  const pages = below.filter((path) =>
    /^docs\/(?!api\/).*\.md$|^packages\/[^/]+\/README\.md$/.test(path),
  );
  return ["README.md", ...pages];
}

/** Returns the blocks of all documents. */
export function readBlocks(root: string): readonly Block[] {
  return documentsOf(root).flatMap((path) =>
    blocksOf(path, readFileSync(join(root, path), "utf8")),
  );
}

/** The file of a block, from the root of the repository. */
export function fileOf({ path, line, language, name }: Block): string {
  return `${folderOf(path)}/${name ?? `${line}.${language}`}`;
}

function folderOf(path: string): string {
  return `.lutra/docs/${path
    .replace(/^docs\//, "")
    .replace(/\.md$/, "")
    .replaceAll("/", "-")}`;
}

/** True for a block that `npm test` checks. */
export function isCheckedHere({ unchecked, command }: Block): boolean {
  return unchecked === undefined && command === undefined;
}

/** Replaces all files; returns the blocks. */
export function writeBlocks(root: string): readonly Block[] {
  const blocks = readBlocks(root).filter(({ language }) => language !== "");
  const checked = blocks.filter(isCheckedHere);
  requireUniqueFiles(checked);
  rmSync(join(root, ".lutra/docs"), { recursive: true, force: true });
  const write = (file: string, text: string) => writeText(join(root, file), text);
  const isShared = ({ path, name }: Block) => path === "README.md" && name === "server.ts";
  const shared = checked.filter(isShared);
  for (const path of new Set(checked.map((block) => block.path))) {
    for (const block of shared) write(fileOf({ ...block, path }), textOf(block));
  }
  for (const block of checked.filter(({ language }) => language !== "sh")) {
    write(fileOf(block), textOf(block));
  }
  return blocks;
}

/** Of two blocks with one name, only the last would be checked. */
function requireUniqueFiles(blocks: readonly Block[]): void {
  const files = new Set<string>();
  for (const block of blocks.filter(({ name }) => name !== undefined)) {
    const file = fileOf(block);
    if (files.has(file)) throw new Error(`${block.path}:${block.line}: expected one ${block.name}`);
    files.add(file);
  }
}

/**
 * Writes the blocks that a command checks to a folder, by their names, and with them the named blocks
 * of the same pages that they import. Returns the blocks of the command.
 */
export function writeBlocksFor(root: string, command: string, folder: string): readonly Block[] {
  const all = readBlocks(root).filter(({ unchecked }) => unchecked === undefined);
  const own = all.filter((block) => block.command === command);
  const pages = new Set(own.map(({ path }) => path));
  rmSync(folder, { recursive: true, force: true });
  for (const block of all.filter(({ path, language }) => pages.has(path) && language === "ts")) {
    if (block.command !== command && block.name === undefined) continue;
    const page = folderOf(block.path).replace(".lutra/docs/", "");
    writeText(join(folder, page, block.name ?? `${block.line}.ts`), textOf(block));
  }
  return own;
}

function writeText(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** A block without imports would else share its names with all others. */
function textOf({ language, text }: Block): string {
  return language === "ts" ? `${text}\nexport {};\n` : text;
}

function main([command, folder]: readonly string[]): void {
  const root = fileURLToPath(new URL("..", import.meta.url));
  if (command !== undefined && folder !== undefined) {
    console.log(`${writeBlocksFor(root, command, folder).length} blocks`);
    return;
  }
  const blocks = writeBlocks(root);
  const unchecked = blocks.filter((block) => block.unchecked !== undefined);
  const elsewhere = blocks.filter((block) => block.command !== undefined);
  const reasons = unchecked.map(({ path, line, unchecked: why }) => `${path}:${line}: ${why}`);
  const counts = `${blocks.length - unchecked.length} blocks, ${elsewhere.length} of them by other commands, ${unchecked.length} not checked`;
  console.log([counts, ...reasons].join("\n"));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv.slice(2));
