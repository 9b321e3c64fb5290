/**
 * The requests of a client about skills. Entries are checked, and nothing is read ahead of need.
 *
 * @spec ext-skills/skills#listing-skills, ext-skills/skills#lazy-retrieval
 */
import type { ClientHost } from "../../../client/extension.ts";
import type { RequestOptions } from "../../../client/request-options.ts";
import { discover } from "../../../protocol/discover.ts";
import { isObject, type JSONObject } from "../../../protocol/json.ts";
import type { ResourceContents } from "../../../protocol/resource-contents.ts";
import { type Resource, readResource } from "../../../protocol/resources.ts";
import { normalURI } from "../../../protocol/uri.ts";
import { randomId } from "../../../server/random-id.ts";
import { entryProblem } from "../entry.ts";
import { getSkill, listSkills, readDirectory, type Skill, skillsId } from "../protocol.ts";
import { pathBelow } from "../uris.ts";
import { SkillError } from "./skill-error.ts";

/** Options of a request about skills. */
export type SkillRequestOptions = Pick<RequestOptions, "signal" | "timeoutMs">;

/** Maximum number of pages of a list that are read. */
const maxPages = 1000;
/** Maximum number of skills of a server that are kept. */
const maxSkills = 10_000;
/** A member of `_meta` with a new value in each request, so that no cache answers it. */
const freshMember = "lutra/fresh";

export interface SkillRequests {
  readonly list: (options?: SkillRequestOptions) => Promise<readonly Skill[]>;
  readonly get: (uri: string, options?: FreshOptions) => Promise<Skill>;
  readonly readFile: (uri: string, options?: FreshOptions) => Promise<ResourceContents>;
  readonly readDirectory: (
    uri: string,
    options?: SkillRequestOptions,
  ) => Promise<readonly Resource[]>;
}

export interface FreshOptions extends SkillRequestOptions {
  /** True to ask the server, and not a cache in front of it. @default false */
  readonly isFresh?: boolean;
}

export function skillRequests(host: ClientHost): SkillRequests {
  const { onWarning } = host.options;

  /** @spec ext-skills/skills#capability-negotiation */
  async function settings(options: SkillRequestOptions): Promise<JSONObject> {
    const { capabilities } = await host.request(discover, {}, options);
    const declared = capabilities.extensions?.[skillsId];
    if (isObject(declared)) return declared;
    throw new SkillError("unsupported", host.server, "the server does not serve skills");
  }

  async function readPages(options: SkillRequestOptions): Promise<readonly Skill[]> {
    const skills = new Map<string, Skill>();
    const cursors = new Set<string>();
    let cursor: string | undefined;
    for (let page = 0; page < maxPages; page += 1) {
      const params = cursor === undefined ? {} : { cursor };
      const result = await host.request(listSkills, params, options);
      addValid(skills, result.skills);
      cursor = result.nextCursor;
      if (cursor === undefined) return [...skills.values()];
      if (cursors.has(cursor) || skills.size > maxSkills) break;
      cursors.add(cursor);
    }
    onWarning(`skills: ${host.server} lists more skills than are read, or repeats a cursor`);
    return [...skills.values()].slice(0, maxSkills);
  }

  /** Leaves out invalid entries, so that they do not make those of others unavailable. */
  function addValid(skills: Map<string, Skill>, listed: readonly unknown[]): void {
    for (const skill of listed) {
      const problem = entryProblem(skill);
      const { uri } = skill as Skill;
      if (problem !== undefined) onWarning(`skills: an invalid entry is left out: skill${problem}`);
      else if (skills.has(uri)) onWarning(`skills: ${uri} is listed twice; the first is kept`);
      else skills.set(uri, skill as Skill);
    }
  }

  return {
    list: async (options = {}) => {
      await settings(options);
      return readPages(options);
    },
    get: async (uri, { isFresh = false, ...options } = {}) => {
      await settings(options);
      const { skill } = await host.request(getSkill, { uri }, withMeta(options, isFresh));
      const problem = entryProblem(skill);
      if (problem !== undefined) throw new SkillError("invalid", uri, `skill${problem}`);
      if (normalURI(skill.uri) === normalURI(uri)) return skill;
      throw new SkillError("invalid", uri, `the server returned the skill ${skill.uri}`);
    },
    readFile: async (uri, { isFresh = false, ...options } = {}) => {
      const result = await host.request(readResource, { uri }, withMeta(options, isFresh));
      const [contents, ...others] = result.contents;
      if (contents !== undefined && others.length === 0) return { ...contents, uri };
      throw new SkillError("invalid", uri, "expected the contents of one file");
    },
    readDirectory: async (uri, options = {}) => {
      const { directoryRead } = await settings(options);
      if (directoryRead !== true) {
        throw new SkillError("unsupported", uri, "the server does not read directories");
      }
      return directoryPages(host, uri, options);
    },
  };
}

/** Maximum number of pages of a directory. */
const maxDirectoryPages = 100;

async function directoryPages(
  host: ClientHost,
  uri: string,
  options: SkillRequestOptions,
): Promise<readonly Resource[]> {
  const children: Resource[] = [];
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < maxDirectoryPages; page += 1) {
    const params = cursor === undefined ? { uri } : { uri, cursor };
    const result = await host.request(readDirectory, params, options);
    for (const child of result.resources) children.push(requireChild(child, uri));
    cursor = result.nextCursor;
    if (cursor === undefined) return children;
    if (cursors.has(cursor)) break;
    cursors.add(cursor);
  }
  throw new SkillError("limit", uri, `expected at most ${maxDirectoryPages} pages`);
}

/** Only direct children are returned, so that a program that follows directories comes to an end. */
function requireChild(child: Resource, uri: string): Resource {
  const withoutSlash = (text: string) => normalURI(text.replace(/\/$/, ""));
  const path =
    typeof child.uri === "string" && pathBelow(withoutSlash(uri), withoutSlash(child.uri));
  if (path && !path.includes("/")) return child;
  throw new SkillError("invalid", uri, `expected a child of the directory, got ${child.uri}`);
}

function withMeta(options: SkillRequestOptions, isFresh: boolean): RequestOptions {
  return isFresh ? { ...options, meta: { [freshMember]: randomId() } } : options;
}
