/**
 * Writes the code blocks of the documents as files, so that they can be compiled and run:
 *
 *     node --import tsx tools/docs-blocks.ts
 *
 * A block becomes `.lutra/docs/<page>/<line>.<language>`, or the file that its first line names in a
 * comment (`// server.ts`, `# gateway.yaml`). All else of the page is blank there, so that lines
 * agree. Comments of the document complete a block that is a fragment; `hidden` code precedes the next
 * block or, with `hidden after`, follows the one above:
 *
 *     <!-- hidden
 *     declare const shelf: { find(title: string): Promise<string[]> };
 *     -->
 *
 * Hidden code whose first line names a file becomes that file. `<!-- not checked: reason -->` leaves
 * the next block out. The server of README.md is beside the blocks of all pages.
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
}

const languages: readonly string[] = ["ts", "json", "yaml", "sh", ""] satisfies Language[];

/**
 * Returns the code blocks of a document.
 *
 * @throws {Error} for an unknown language, or a comment or fence without an end
 */
export function blocksOf(path: string, document: string): readonly Block[] {
  const lines = document.split("\n");
  const blocks: Block[] = [];
  const pick = (picked: readonly number[]) =>
    lines.map((line, index) => (picked.includes(index) ? line : "")).join("\n");
  let hidden: readonly number[] = [];
  let unchecked: string | undefined;
  for (const { kind, line, body, argument } of partsOf(path, lines)) {
    const shown = body.map((index) => lines[index]).join("\n");
    const name = nameIn(shown);
    if (kind === "reason") unchecked = argument;
    else if (kind === "after") blocks.push(extended(path, line, blocks.pop(), pick(body)));
    else if (kind === "hidden" && name === undefined) hidden = body;
    else if (kind === "hidden" && name !== undefined) {
      const language = name.slice(name.lastIndexOf(".") + 1) as Language;
      blocks.push({ path, line, language, shown: "", text: pick(body), name });
    } else {
      const language = languageOf(path, line, argument);
      const text = pick([...hidden, ...body]);
      blocks.push({ path, line, language, shown, text, name, unchecked });
      hidden = [];
      unchecked = undefined;
    }
  }
  return blocks;
}

interface Part {
  readonly kind: "block" | "hidden" | "after" | "reason";
  /** The line on which it begins, counted from 1. */
  readonly line: number;
  /** The indices of the lines between the first and the last one. */
  readonly body: readonly number[];
  /** The language of a block, or the reason. */
  readonly argument: string;
}

const forms: readonly { kind: Part["kind"]; begin: RegExp; end?: string }[] = [
  { kind: "block", begin: /^```(.*)$/, end: "```" },
  { kind: "hidden", begin: /^<!-- hidden$/, end: "-->" },
  { kind: "after", begin: /^<!-- hidden after$/, end: "-->" },
  { kind: "reason", begin: /^<!-- not checked: (.+) -->$/ },
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

function extended(path: string, line: number, block: Block | undefined, after: string): Block {
  if (block === undefined) throw new Error(`${path}:${line}: expected a block above`);
  const below = after.split("\n");
  const text = block.text.split("\n").map((content, index) => content || below[index]);
  return { ...block, text: text.join("\n") };
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

/** Replaces all files; returns the blocks. */
export function writeBlocks(root: string): readonly Block[] {
  const blocks = readBlocks(root).filter(({ language }) => language !== "");
  const checked = blocks.filter(({ unchecked }) => unchecked === undefined);
  rmSync(join(root, ".lutra/docs"), { recursive: true, force: true });
  const write = (file: string, text: string) => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
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

/** A block without imports would else share its names with all others. */
function textOf({ language, text }: Block): string {
  return language === "ts" ? `${text}\nexport {};\n` : text;
}

function main(): void {
  const blocks = writeBlocks(fileURLToPath(new URL("..", import.meta.url)));
  const unchecked = blocks.filter((block) => block.unchecked !== undefined);
  const reasons = unchecked.map(({ path, line, unchecked: why }) => `${path}:${line}: ${why}`);
  const counts = `${blocks.length - unchecked.length} blocks, ${unchecked.length} not checked`;
  console.log([counts, ...reasons].join("\n"));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
