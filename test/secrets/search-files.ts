/** The search for the registered secrets of a run in files. It reads them in parts of bounded size. */
import { closeSync, lstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join, sep } from "node:path";
import { type ByteSearch, createByteSearch } from "./byte-search.ts";
import { formsOf } from "./forms-of.ts";
import type { Secret } from "./registered-secrets.ts";

/** Size of the parts in which a file is read, in bytes. */
const partBytes = 1 << 20;
/** Size above which a file is not read, in bytes. Programs and browsers are larger, logs are not. */
const maxFileBytes = 256 << 20;
/** Length above which parts of a value are searched for, in characters: the beginning of a token is public. */
const maxWhole = 96;
const partLength = 64;

/** Searches a file or all files of a folder. Returns the findings as `file:line: kind`. */
export type SearchFiles = (path: string) => readonly string[];

/** Creates the search for secrets in all files but those that have to contain them. */
export function searchFor(secrets: readonly Secret[], permitted: readonly string[]): SearchFiles {
  const find = createTextSearch(secrets);
  if (find === undefined) return () => [];
  return (path) =>
    [...filesIn(path)]
      .filter((file) => !permitted.some((one) => file === one || file.startsWith(one + sep)))
      .flatMap((file) => findIn(file, find));
}

/** Creates a search in bytes whose labels are kinds of secrets. */
function createTextSearch(secrets: readonly Secret[]): ByteSearch | undefined {
  const values = secrets.flatMap(({ kind, value }) =>
    partsOf(value)
      .flatMap(formsOf)
      .map((text) => ({ label: kind, text })),
  );
  return values.length === 0 ? undefined : createByteSearch(values);
}

/**
 * Returns the parts of a long value that are secret: the header of a signed token is not, and a token that
 * was cut is one all the same.
 */
function partsOf(value: string): readonly string[] {
  if (value.length <= maxWhole) return [value];
  const afterHeader = value.indexOf(".") + 1;
  return [value.slice(afterHeader, afterHeader + partLength), value.slice(-partLength)];
}

function* filesIn(path: string): Iterable<string> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() && stats.size <= maxFileBytes) yield path;
  if (!stats?.isDirectory()) return;
  for (const name of namesIn(path)) {
    // Packages are installed and not written by tests.
    if (name !== "node_modules") yield* filesIn(join(path, name));
  }
}

/** A process that has not ended may remove its files meanwhile. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function findIn(file: string, search: ByteSearch): readonly string[] {
  const found = new Map<string, string>();
  let lines = 1;
  for (const { bytes, fresh } of partsIn(file, search.maxLength)) {
    for (const { label, at } of search.find(bytes)) {
      const line = lines + newlinesIn(bytes.subarray(0, at));
      if (!found.has(label)) found.set(label, `${file}:${line}: ${label}`);
    }
    lines += newlinesIn(bytes.subarray(0, fresh));
  }
  return [...found.values()];
}

/**
 * Reads a file in parts that overlap, so that no value is cut.
 *
 * @param overlap Size of the overlap, in bytes
 */
function* partsIn(
  file: string,
  overlap: number,
): Iterable<{
  readonly bytes: Buffer /** Bytes that no later part has. */;
  readonly fresh: number;
}> {
  const handle = open(file);
  if (handle === undefined) return;
  try {
    const buffer = Buffer.allocUnsafe(partBytes + overlap);
    let kept = 0;
    for (;;) {
      const read = readSync(handle, buffer, kept, partBytes, null);
      const length = kept + read;
      const fresh = read === 0 ? length : Math.max(0, length - overlap);
      yield { bytes: buffer.subarray(0, length), fresh };
      if (read === 0) return;
      buffer.copyWithin(0, fresh, length);
      kept = length - fresh;
    }
  } finally {
    closeSync(handle);
  }
}

function open(file: string): number | undefined {
  try {
    return openSync(file, "r");
  } catch {
    return undefined;
  }
}

function newlinesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count += 1;
  return count;
}
