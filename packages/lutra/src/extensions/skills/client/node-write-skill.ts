/**
 * Writes a downloaded skill to a folder: completely, or not at all.
 *
 * @spec ext-skills/skills#skill-uris, ext-skills/skills#security-considerations
 */
import { randomUUID } from "node:crypto";
import { lstat, mkdir, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { rootOf } from "../uris.ts";
import { encodeFolderName } from "./folder-name.ts";
import type { SkillContents } from "./load-skill.ts";
import type { WriteSkill } from "./read-skills.ts";
import { SkillError } from "./skill-error.ts";

/**
 * Writes the files to `<to>/<server>/<root of the skill>`, both encoded, so that skills with the same
 * URI never share a folder. Replaces the folder of an earlier download. Only the user may read the files, and none
 * is executable.
 */
export const writeSkill: WriteSkill = async ({ uri, server }, files, to) => {
  requireDistinct(uri, files);
  const names = [server, rootOf(uri) as string].map(encodeFolderName);
  const [ofServer, ofSkill] = names;
  if (ofServer === undefined || ofSkill === undefined) {
    throw new SkillError("path", uri, "expected a shorter label and URI for the name of a folder");
  }
  await mkdir(to, { recursive: true });
  const parent = join(await realpath(to), ofServer);
  await mkdir(parent, { recursive: true, mode: 0o700 });
  if ((await lstat(parent)).isSymbolicLink()) {
    throw new SkillError("path", uri, `expected a folder, got a symbolic link: ${parent}`);
  }
  const folder = join(parent, ofSkill);
  // A dot keeps unfinished folders out of listings.
  const next = join(parent, `.${randomUUID()}`);
  try {
    await writeFiles(next, files);
    await swap(next, folder);
  } finally {
    await rm(next, { recursive: true, force: true });
  }
  return folder;
};

/** Refuses files whose paths are equal without regard to case, or in another normal form. */
function requireDistinct(uri: string, files: ReadonlyMap<string, SkillContents>): void {
  const seen = new Map<string, string>();
  for (const path of files.keys()) {
    const folded = foldCase(path);
    const other = seen.get(folded);
    if (other !== undefined) {
      throw new SkillError(
        "path",
        uri,
        `expected paths that differ in more than case: ${other}, ${path}`,
      );
    }
    seen.set(folded, path);
  }
  for (const [folded, path] of seen) {
    for (let end = folded.indexOf("/"); end > 0; end = folded.indexOf("/", end + 1)) {
      const file = seen.get(folded.slice(0, end));
      if (file === undefined) continue;
      throw new SkillError("path", uri, `expected ${file} to be a file or a directory: ${path}`);
    }
  }
}

/** Some letters have two small forms, such as σ and ς, which file systems may treat as one. */
function foldCase(path: string): string {
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

async function writeFiles(
  folder: string,
  files: ReadonlyMap<string, SkillContents>,
): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  for (const { path, bytes } of files.values()) {
    const file = join(folder, ...path.split("/"));
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writeFile(file, bytes, { flag: "wx", mode: 0o600 });
  }
}

/** Replaces a folder. The former one stays until the new one is in its place. */
async function swap(next: string, folder: string): Promise<void> {
  const former = `${next}.former`;
  const hadFormer = await rename(folder, former).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw error;
    },
  );
  try {
    await rename(next, folder);
  } catch (error) {
    if (hadFormer) await rename(former, folder);
    throw error;
  }
  if (hadFormer) await rm(former, { recursive: true, force: true });
}
