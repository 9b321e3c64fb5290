/** The exports of `lutra/skills` that are the same on all platforms. */

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
