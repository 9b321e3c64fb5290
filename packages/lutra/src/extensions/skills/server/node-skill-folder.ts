/**
 * Skills in a folder. Everything is read at once, so that the files that are served are those of the
 * manifest, and no request reaches the file system.
 *
 * @spec ext-skills/skills#skill-format, ext-skills/skills#nested-skills
 */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { reportRead } from "../../../server/files-read.ts";
import { skillFile, skillLimits } from "../protocol.ts";
import { pathProblem } from "../uris.ts";
import type { SkillSource } from "./skill-source.ts";

/** Maximum number of files and directories in a folder. */
const maxFolderEntries = 20_000;

/** Maximum size of all files of a folder, in bytes. They stay in memory. */
const maxFolderBytes = 134_217_728;

/** The entries that have been read so far. */
interface Reading {
  readonly files: Map<string, Uint8Array>;
  readonly skills: Map<string, Record<never, never>>;
  entries: number;
  bytes: number;
}

/**
 * Reads the skills in a folder: each directory with a `SKILL.md`, at any depth. A folder that is a skill
 * itself is one, with the skills inside it. Names that begin with a dot are left out.
 *
 * @throws {TypeError} for a folder without skills, a symbolic link, and content above a limit
 */
export function readFolder(from: string | URL): SkillSource {
  const folder = resolve(from instanceof URL ? fileURLToPath(from) : from);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new TypeError(`skills: from: expected a folder, got ${folder}`);
  }
  const reading: Reading = { files: new Map(), skills: new Map(), entries: 0, bytes: 0 };
  const isSkill = readdirSync(folder).includes(skillFile);
  readDirectory(folder, isSkill ? basename(folder) : "", { reading, isInSkill: isSkill });
  if (reading.skills.size === 0) {
    throw new TypeError(`skills: from: expected directories with ${skillFile} in ${folder}`);
  }
  return reading;
}

interface Place {
  readonly reading: Reading;
  /** False outside of skills, where files are not served. */
  readonly isInSkill: boolean;
}

function readDirectory(folder: string, path: string, { reading, isInSkill }: Place): void {
  reportRead(folder);
  const entries = readdirSync(folder, { withFileTypes: true }).filter(
    ({ name }) => !name.startsWith("."),
  );
  const isSkill = entries.some(({ name }) => name === skillFile);
  if (isSkill) reading.skills.set(path, {});
  // The order of a directory differs between file systems.
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    reading.entries += 1;
    if (reading.entries > maxFolderEntries) {
      throw new TypeError(
        `skills: from: expected at most ${maxFolderEntries} files and directories`,
      );
    }
    const own = join(folder, entry.name);
    const next = path === "" ? entry.name : `${path}/${entry.name}`;
    const isServed = isInSkill || isSkill;
    if (entry.isSymbolicLink()) throw symbolicLink(own);
    if (entry.isDirectory()) {
      requirePath(next, own);
      readDirectory(own, next, { reading, isInSkill: isServed });
    } else if (isServed) {
      requirePath(next, own);
      reading.files.set(next, readFile(own, reading));
    }
  }
}

function requirePath(path: string, own: string): void {
  const problem = pathProblem(path);
  if (problem !== undefined) throw new TypeError(`skills: ${own}: ${problem}`);
}

/**
 * Reads a regular file. A symbolic link is refused when the file is opened, since a check before could
 * be outdated.
 */
function readFile(file: string, reading: Reading): Uint8Array {
  const descriptor = open(file);
  try {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new TypeError(`skills: ${file}: expected a file or a directory`);
    const { size } = status;
    reading.bytes += size;
    if (size > skillLimits.bytes) {
      throw new TypeError(`skills: ${file}: expected at most ${skillLimits.bytes} bytes`);
    }
    if (reading.bytes > maxFolderBytes) {
      throw new TypeError(`skills: from: expected at most ${maxFolderBytes} bytes in all files`);
    }
    const bytes = new Uint8Array(size);
    let length = 0;
    while (length < size) {
      const read = readSync(descriptor, bytes, length, size - length, length);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

function open(file: string): number {
  // O_NONBLOCK: opening a pipe would wait for its writer. Windows has neither flag.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  try {
    return openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ELOOP") throw error;
    throw symbolicLink(file);
  }
}

function symbolicLink(file: string): TypeError {
  return new TypeError(`skills: ${file}: symbolic links are not followed; copy the file instead`);
}
