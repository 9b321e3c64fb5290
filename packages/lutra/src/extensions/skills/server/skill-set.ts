/**
 * Skills, compiled from their files into lookup tables. A change replaces the whole set.
 *
 * @spec ext-skills/skills#resource-mapping, ext-skills/skills#nested-skills
 */
import type { Resource } from "../../../protocol/resources.ts";
import { normalURI } from "../../../protocol/uri.ts";
import { digestOf } from "../digest.ts";
import { frontmatterProblem } from "../entry.ts";
import { parseFrontmatter } from "../frontmatter.ts";
import {
  directoryType,
  type Skill,
  type SkillFrontmatter,
  skillFile,
  skillLimits,
} from "../protocol.ts";
import { pathProblem, uriBelow } from "../uris.ts";
import { compileFile, type SkillFile } from "./skill-file.ts";
import type { SkillDefinition, SkillSource } from "./skill-source.ts";

/** Maximum number of skills of a server. */
const maxSkills = 10_000;

/** A skill with its files, which include those of skills inside it. */
interface CompiledSkill {
  readonly uri: string;
  readonly frontmatter: SkillFrontmatter;
  readonly isListed: boolean;
  readonly files: readonly SkillFile[];
  /** Returns the entry. The digests are computed once. */
  readonly entry: () => Promise<Skill>;
}

/** All skills of a server. URIs are the keys of the tables in their normal form. */
export interface SkillSet {
  readonly skills: ReadonlyMap<string, CompiledSkill>;
  readonly files: ReadonlyMap<string, SkillFile>;
  /** The children of each directory. */
  readonly directories: ReadonlyMap<string, readonly Resource[]>;
}

/**
 * Compiles the skills of a source.
 *
 * @throws {TypeError} for a skill that the Agent Skills specification does not allow, and for one above
 *   the limits of the extension
 */
export function compileSkills(source: SkillSource): SkillSet {
  if (source.skills.size > maxSkills) {
    throw new TypeError(`skills: expected at most ${maxSkills} skills`);
  }
  const heads = new Map(
    [...source.skills].map(([path, skill]) => [path, headOf(path, skill, source)]),
  );
  const files = [...source.files].map(([path, content]) => {
    const frontmatter = path.endsWith(`/${skillFile}`) ? heads.get(parentOf(path)) : undefined;
    return compileFile(uriOf(path), path, { content, frontmatter });
  });
  const byRoot = new Map<string, SkillFile[]>([...source.skills.keys()].map((path) => [path, []]));
  for (const file of files) {
    for (const directory of directoriesOf(file.path)) byRoot.get(directory)?.push(file);
  }
  const skills = [...source.skills].map(([path, { listed = true }]) =>
    compileSkill({
      path,
      frontmatter: heads.get(path) as SkillFrontmatter,
      isListed: listed,
      files: byRoot.get(path) ?? [],
    }),
  );
  return {
    skills: new Map(skills.map((skill) => [normalURI(skill.uri), skill])),
    files: new Map(files.map((file) => [normalURI(file.uri), file])),
    directories: directoriesIn(files),
  };
}

/** Returns the URI of a path on the server. @spec ext-skills/skills#resource-mapping */
function uriOf(path: string): string {
  const [first = "", ...rest] = path.split("/");
  const root = `skill://${encodeURIComponent(first)}`;
  return rest.length === 0 ? root : uriBelow(root, rest.join("/"));
}

/** Returns the frontmatter of a skill. */
function headOf(
  path: string,
  { frontmatter }: Pick<SkillDefinition, "frontmatter">,
  { files }: SkillSource,
): SkillFrontmatter {
  const problem = pathProblem(path);
  if (problem !== undefined) throw new TypeError(`skill ${path}: path: ${problem}`);
  const content = files.get(`${path}/${skillFile}`);
  if (typeof content === "function" && frontmatter === undefined) {
    throw new TypeError(`skill ${path}: expected frontmatter, as a function creates ${skillFile}`);
  }
  const found = typeof content === "function" ? frontmatter : frontmatterIn(content, path);
  const fault = frontmatterProblem(found, path.slice(path.lastIndexOf("/") + 1));
  if (fault !== undefined) throw new TypeError(`skill ${path}: frontmatter${fault}`);
  return found as SkillFrontmatter;
}

function frontmatterIn(content: string | Uint8Array | undefined, path: string): unknown {
  try {
    const text = typeof content === "string" ? content : new TextDecoder().decode(content);
    return parseFrontmatter(text);
  } catch (cause) {
    throw new TypeError(`skill ${path}: ${(cause as Error).message}`, { cause });
  }
}

interface SkillInit extends Omit<CompiledSkill, "entry" | "uri"> {
  readonly path: string;
}

/** @spec ext-skills/skills#limits, ext-skills/skills#resources */
function compileSkill({ path, files, ...skill }: SkillInit): CompiledSkill {
  const uri = `${uriOf(path)}/${skillFile}`;
  const bytes = files.reduce((sum, file) => sum + (file.bytes?.length ?? 0), 0);
  if (files.length > skillLimits.files) {
    throw new TypeError(`skill ${path}: expected at most ${skillLimits.files} files`);
  }
  if (bytes > skillLimits.bytes) {
    throw new TypeError(`skill ${path}: expected at most ${skillLimits.bytes} bytes`);
  }
  let entry: Promise<Skill> | undefined;
  const compiled = { ...skill, uri, files };
  return {
    ...compiled,
    entry: () => {
      entry ??= entryOf(compiled);
      return entry;
    },
  };
}

async function entryOf({ uri, frontmatter, files }: Omit<CompiledSkill, "entry">): Promise<Skill> {
  if (files.some(({ bytes }) => bytes === undefined)) {
    return { uri, frontmatter, resources: "dynamic" };
  }
  const resources = await Promise.all(
    files.map(async ({ uri, bytes = new Uint8Array() }) => {
      return { uri, digest: await digestOf(bytes), size: bytes.length };
    }),
  );
  return { uri, frontmatter, resources };
}

/** Returns the children of each directory, in the order of the files. */
function directoriesIn(files: readonly SkillFile[]): ReadonlyMap<string, readonly Resource[]> {
  const children = new Map<string, Map<string, Resource>>();
  for (const file of files) {
    let child = file.resource;
    for (const directory of directoriesOf(file.path)) {
      const uri = uriOf(directory);
      const key = normalURI(uri);
      const known = children.get(key) ?? new Map<string, Resource>();
      children.set(key, known.set(child.uri, child));
      child = { uri, name: nameOf(directory), mimeType: directoryType };
    }
  }
  return new Map([...children].map(([uri, found]) => [uri, [...found.values()]]));
}

/** Returns the directories that contain a path, from the inside to the outside. */
function directoriesOf(path: string): readonly string[] {
  const directories: string[] = [];
  for (let parent = parentOf(path); parent !== ""; parent = parentOf(parent))
    directories.push(parent);
  return directories;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
