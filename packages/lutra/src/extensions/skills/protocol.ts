/**
 * Skills on the wire: directories of instructions for agents, served as resources.
 *
 * @spec ext-skills/skills#skills, ext-skills/skills#skill-entries, ext-skills/skills#reservations
 */
import type { CacheableResult } from "../../protocol/caching.ts";
import { invalidParams, type ProtocolError } from "../../protocol/errors.ts";
import { isObject } from "../../protocol/json.ts";
import type { Result } from "../../protocol/json-rpc.ts";
import { defineMethod, type Method, malformed, requireString } from "../../protocol/method.ts";
import { type PaginatedParams, parsePaginatedParams } from "../../protocol/pagination.ts";
import type { Resource } from "../../protocol/resources.ts";
import { listOf, object, optional, parserOf, string } from "../../protocol/shape.ts";
import { entryProblem } from "./entry.ts";

/** @spec ext-skills/skills#extension-identifier */
export const skillsId = "io.modelcontextprotocol/skills";

/** The text of the extension that this package implements: a commit of the repository ext-skills. */
export const skillsRevision = "0682b7b6e9e661fbf8538e27cbd3e7282927b45a";

/** The state of the extension as a whole. Its wire format may still change. */
export const skillsStage = "beta";

/** The name of the file that makes a directory a skill. */
export const skillFile = "SKILL.md";

/** The MIME type of directories. @spec ext-skills/skills#directory-resources */
export const directoryType = "inode/directory";

/** Maximum number of files of a skill, with `SKILL.md`. */
const maxSkillFiles = 512;
/** Maximum size of all files of a skill, in bytes. */
const maxSkillBytes = 16_777_216;

/**
 * The limits of one skill, which every host accepts: the number of its files, with `SKILL.md`, and
 * their size in bytes.
 *
 * @spec ext-skills/skills#limits
 */
export const skillLimits: { readonly files: number; readonly bytes: number } = Object.freeze({
  files: maxSkillFiles,
  bytes: maxSkillBytes,
});

/** A file of a skill. */
export interface SkillResource {
  readonly uri: string;
  /** `sha256:` and 64 lower-case hexadecimal digits, of the bytes of the file. */
  readonly digest: string;
  /** Size in bytes. */
  readonly size: number;
}

/** The YAML frontmatter of `SKILL.md`, with all its fields. */
export interface SkillFrontmatter {
  readonly name: string;
  readonly description: string;
  readonly [field: string]: unknown;
}

/** A skill as its server describes it. */
export interface Skill {
  /** The URI of `SKILL.md`. */
  readonly uri: string;
  readonly frontmatter: SkillFrontmatter;
  /** All files, or `dynamic` for content that is generated and has no stable digests. */
  readonly resources: readonly SkillResource[] | "dynamic";
}

export interface ListSkillsResult extends CacheableResult {
  readonly skills: readonly Skill[];
  readonly nextCursor?: string;
}

export interface GetSkillResult extends CacheableResult {
  readonly skill: Skill;
}

export interface GetSkillParams {
  readonly uri: string;
}

export interface ReadDirectoryParams extends PaginatedParams {
  readonly uri: string;
}

export interface ReadDirectoryResult extends Result {
  /** The direct children of the directory. Directories have the MIME type `inode/directory`. */
  readonly resources: readonly Resource[];
  readonly nextCursor?: string;
}

/**
 * The text defines no header for the URI, so these methods have no `nameField`.
 *
 * @spec ext-skills/skills#listing-skills
 */
export const listSkills: Method<PaginatedParams, ListSkillsResult> = defineMethod({
  name: "skills/list",
  params: parsePaginatedParams,
  // A skill that is invalid does not make the others invalid, so each is checked where it is used.
  result: parserOf(object({ skills: listOf(object()), nextCursor: optional(string) })),
  cacheable: true,
  changedBy: "resourcesListChanged",
  safe: true,
});

/** @spec ext-skills/skills#getting-a-skill */
export const getSkill: Method<GetSkillParams, GetSkillResult> = defineMethod({
  name: "skills/get",
  params: (params) => ({ uri: requireString(params, "uri") }),
  result: (result) => {
    const { skill } = result;
    if (!isObject(skill)) throw malformed("result.skill: expected an object");
    return result as GetSkillResult;
  },
  cacheable: true,
  changedBy: "resourcesListChanged",
  safe: true,
});

/** @spec ext-skills/skills#reading-directories */
export const readDirectory: Method<ReadDirectoryParams, ReadDirectoryResult> = defineMethod({
  name: "resources/directory/read",
  params: (params) => ({ uri: requireString(params, "uri"), ...parsePaginatedParams(params) }),
  result: parserOf(
    object({ resources: listOf(object({ uri: string })), nextCursor: optional(string) }),
  ),
  safe: true,
});

export const skillMethods: readonly Method[] = Object.freeze([listSkills, getSkill, readDirectory]);

/**
 * Returns a skill from a peer.
 *
 * @throws {TransportError} `malformed` for an entry that hosts must not load
 * @spec ext-skills/skills#resources
 */
export function parseSkill(value: unknown): Skill {
  const problem = entryProblem(value);
  if (problem === undefined) return value as Skill;
  throw malformed(`skill${problem}`);
}

/** @spec ext-skills/skills#error-handling */
export function unknownSkill(uri: string): ProtocolError {
  return invalidParams(`No skill is served at ${uri}`, { uri });
}

/** @spec ext-skills/skills#error-handling */
export function notADirectory(uri: string): ProtocolError {
  return invalidParams(`${uri} is not a directory resource`, { uri });
}
