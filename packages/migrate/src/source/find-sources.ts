/** Finds and reads the source files of a program. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A file that was not read, with the reason. */
export interface UnreadFile {
  readonly file: string;
  readonly reason: string;
}

interface SourceText {
  /** From the folder, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface FoundSources {
  /** The folder to which the paths are relative. */
  readonly folder: string;
  readonly sources: readonly SourceText[];
  readonly unread: readonly UnreadFile[];
}

/** Larger files are generated or bundled. */
const maxFileBytes = 1_048_576;
const maxFiles = 10_000;

const isSource = (name: string) => /\.[cm]?[jt]sx?$/.test(name) && !/\.d\.[cm]?ts$/.test(name);
const isLeftOut = (name: string) => name === "node_modules" || name.startsWith(".");

/**
 * Reads a file, or all sources below a folder, without `node_modules` and hidden folders.
 *
 * @throws {Error} for a path that does not exist, and for more than 10,000 files
 */
export async function findSources(path: string): Promise<FoundSources> {
  const isFile = (await stat(path)).isFile();
  const folder = isFile ? dirname(path) : path;
  const files = isFile ? [basename(path)] : await filesBelow(folder, "");
  const sources: SourceText[] = [];
  const unread: UnreadFile[] = [];
  for (const file of files) {
    const place = join(folder, file);
    const { size } = await stat(place);
    if (size > maxFileBytes) unread.push({ file, reason: `larger than ${maxFileBytes} bytes` });
    else sources.push({ path: file, text: await readFile(place, "utf8") });
  }
  return { folder, sources, unread };
}

async function filesBelow(folder: string, prefix: string): Promise<string[]> {
  const found: string[] = [];
  const entries = await readdir(join(folder, prefix), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = `${prefix}${entry.name}`;
    if (entry.isDirectory() && !isLeftOut(entry.name)) {
      found.push(...(await filesBelow(folder, `${path}/`)));
    } else if (entry.isFile() && isSource(entry.name)) found.push(path);
    if (found.length > maxFiles) {
      throw new Error(`${folder}: more than ${maxFiles} source files; name a smaller folder`);
    }
  }
  return found;
}
