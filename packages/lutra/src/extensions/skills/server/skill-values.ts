/** Skills that a program defines as values. */
import {
  requireArray,
  requireKnownMembers,
  requireObject,
} from "../../../protocol/known-members.ts";
import { skillFile } from "../protocol.ts";
import { pathProblem } from "../uris.ts";
import type { SkillContent, SkillDefinition, SkillSource } from "./skill-source.ts";

const members: { readonly [Name in keyof SkillDefinition]-?: true } = {
  path: true,
  files: true,
  frontmatter: true,
  listed: true,
};

/**
 * Reads skills from values.
 *
 * @throws {TypeError} for an invalid definition, and for a file that two skills define
 */
export function readValues(definitions: readonly SkillDefinition[]): SkillSource {
  requireArray("skills", definitions, "object");
  const files = new Map<string, SkillContent>();
  const skills = new Map<string, Pick<SkillDefinition, "frontmatter" | "listed">>();
  for (const definition of definitions) {
    const { path, frontmatter, listed } = definition;
    const where = `skill ${path}`;
    requireKnownMembers(definition, Object.keys(members), where);
    requireObject(`${where}: files`, definition.files);
    if (skills.has(path)) throw new TypeError(`${where}: defined twice`);
    if (!Object.hasOwn(definition.files, skillFile)) {
      throw new TypeError(`${where}: files: expected ${skillFile}`);
    }
    skills.set(path, { ...(frontmatter && { frontmatter }), ...(listed === false && { listed }) });
    for (const [name, content] of Object.entries(definition.files)) {
      const full = requirePath(`${path}/${name}`, where);
      if (files.has(full)) throw new TypeError(`${where}: files: ${name}: another skill has it`);
      files.set(full, requireContent(content, `${where}: files: ${name}`));
    }
  }
  return { files, skills };
}

function requirePath(path: string, where: string): string {
  const problem = pathProblem(path);
  if (problem !== undefined) throw new TypeError(`${where}: ${path}: ${problem}`);
  return path;
}

function requireContent(content: SkillContent, where: string): SkillContent {
  const isContent =
    typeof content === "string" || typeof content === "function" || content instanceof Uint8Array;
  if (isContent) return content;
  throw new TypeError(`${where}: expected text, bytes (Uint8Array) or a function`);
}
