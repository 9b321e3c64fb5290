/**
 * `lutra/skills` for browsers and edge platforms: the extension `io.modelcontextprotocol/skills`. Node,
 * Deno and Bun load `node.ts`, which exports the same names and adds folders.
 */
import { type ReadSkills, readSkillsOn } from "./client/read-skills.ts";
import { type CreateSkills, skillsOn } from "./server/skills.ts";

export const skills: CreateSkills = skillsOn(() => {
  throw new TypeError("skills: from: folders need Node, Deno or Bun; pass skills as values here");
});

export const readSkills: ReadSkills = readSkillsOn(() => {
  throw new TypeError("skills: to: folders need Node, Deno or Bun; leave it out here");
});

export type { SkillContents } from "./client/load-skill.ts";
export type {
  ClientSkills,
  DownloadedSkill,
  DownloadOptions,
  LoadedSkill,
  ReadSkills,
  ReadSkillsOptions,
  ServedSkill,
} from "./client/read-skills.ts";
export type { FreshOptions, SkillRequestOptions } from "./client/skill-client.ts";
export type { SkillErrorReason } from "./client/skill-error.ts";
export { isSkillError, SkillError } from "./client/skill-error.ts";
export { skillDigest } from "./digest.ts";
// For those who speak the extension without the client or server of this package.
export type {
  GetSkillParams,
  GetSkillResult,
  ListSkillsResult,
  ReadDirectoryParams,
  ReadDirectoryResult,
  Skill,
  SkillFrontmatter,
  SkillResource,
} from "./protocol.ts";
export {
  getSkill,
  listSkills,
  parseSkill,
  readDirectory,
  skillLimits,
  skillMethods,
  skillsId,
  skillsRevision,
} from "./protocol.ts";
export type { SkillContent, SkillDefinition } from "./server/skill-source.ts";
export type { CreateSkills, SkillsExtension, SkillsOptions } from "./server/skills.ts";
