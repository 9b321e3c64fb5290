/**
 * Skills on a client: `client.skills` lists, gets, loads and downloads the skills of a server. A file is
 * used only after it has been compared with the entry of its skill.
 *
 * @spec ext-skills/skills#skill-uris, ext-skills/skills#integrity-and-verification
 */
import type { ClientExtension, ClientHost } from "../../../client/extension.ts";
import { requireKnownMembers } from "../../../protocol/known-members.ts";
import type { Resource } from "../../../protocol/resources.ts";
import type { ServerTypes } from "../../../protocol/server-types.ts";
import {
  type Skill,
  skillFile,
  skillLimits,
  skillMethods,
  skillsId,
  skillsRevision,
  skillsStage,
} from "../protocol.ts";
import { type HeldFiles, holdFiles, type SkillContents } from "./load-skill.ts";
import { type FreshOptions, type SkillRequestOptions, skillRequests } from "./skill-client.ts";

export interface ReadSkillsOptions {
  /**
   * The name of the server that is part of the identity of its skills. Give each server its own.
   *
   * @default the address or the command of the server
   */
  readonly label?: string;
  /** Maximum number of files of a skill. @default 512 */
  readonly maxFiles?: number;
  /** Maximum size of all files of a skill, in bytes. @default 16777216 (16 MiB) */
  readonly maxBytes?: number;
  /** True to load skills without digests, whose content can't be verified. @default false */
  readonly allowDynamic?: boolean;
}

/** A skill of one server. Its identity is the pair of `server` and `uri`, never the name alone. */
export interface ServedSkill extends Skill {
  /** The label of the server. */
  readonly server: string;
}

/** A skill that has been loaded. It holds the entry, so that later files are those of the entry. */
export interface LoadedSkill extends ServedSkill {
  /** The text of `SKILL.md`, with its frontmatter. Treat it as untrusted input of a model. */
  readonly text: string;
  /** False for a dynamic skill, which has no digests. */
  readonly isVerified: boolean;
  /**
   * Reads a further file by its path below the skill, or by its URI, and verifies it. Rejects with a
   * `SkillError`, for example `unlisted` for a file that is not in the entry.
   */
  readonly read: HeldFiles["read"];
}

export interface DownloadOptions extends SkillRequestOptions {
  /**
   * A folder for downloads. The skill gets a folder of its own inside, whose path has the label of the
   * server and the URI. Needs Node, Deno or Bun. @default the files are only returned
   */
  readonly to?: string;
}

/** The verified files of a skill. */
export interface DownloadedSkill extends ServedSkill {
  /** The files by their path. */
  readonly files: ReadonlyMap<string, SkillContents>;
  /** The folder with the files, if there is one. */
  readonly folder: string | undefined;
}

/** `client.skills`: the skills of the server. */
export interface ClientSkills {
  /**
   * Lists the skills of the server. It may have more than it lists. Leaves out invalid entries with a
   * warning.
   */
  readonly list: (options?: SkillRequestOptions) => Promise<readonly ServedSkill[]>;
  /** Returns a skill by the URI of its `SKILL.md`. With `isFresh`, no cache answers. */
  readonly get: (uri: string, options?: FreshOptions) => Promise<ServedSkill>;
  /** Reads and verifies `SKILL.md`. A URI is looked up first. */
  readonly load: (skill: Skill | string, options?: SkillRequestOptions) => Promise<LoadedSkill>;
  /** Reads and verifies all files, and writes them to a folder at once, or not at all. */
  readonly download: (skill: Skill | string, options?: DownloadOptions) => Promise<DownloadedSkill>;
  /** Lists the direct children of a directory, as they are now. */
  readonly readDirectory: (
    uri: string,
    options?: SkillRequestOptions,
  ) => Promise<readonly Resource[]>;
}

declare module "../../../client/client-types.js" {
  interface ClientMembers<Types extends ServerTypes> {
    /** Skills. Only present on a client with the extension `readSkills()`. */
    readonly skills: ClientSkills;
  }
}

/** Writes the files of a skill into a folder inside `to`. Resolves to its path. */
export type WriteSkill = (
  skill: ServedSkill,
  files: ReadonlyMap<string, SkillContents>,
  to: string,
) => Promise<string>;

export type ReadSkills = (options?: ReadSkillsOptions) => ClientExtension;

/** Creates the `readSkills` of a platform. */
export function readSkillsOn(write: WriteSkill): ReadSkills {
  return (options = {}) => {
    const complete = withDefaults(options);
    return {
      id: skillsId,
      stage: skillsStage,
      revision: skillsRevision,
      methods: skillMethods,
      install: (host) => ({ members: { skills: clientSkills(host, complete, write) } }),
    };
  };
}

type CompleteOptions = Required<Omit<ReadSkillsOptions, "label">> &
  Pick<ReadSkillsOptions, "label">;

function withDefaults(options: ReadSkillsOptions): CompleteOptions {
  requireKnownMembers(options, ["label", "maxFiles", "maxBytes", "allowDynamic"], "readSkills");
  const { maxFiles = skillLimits.files, maxBytes = skillLimits.bytes } = options;
  for (const [name, value] of Object.entries({ maxFiles, maxBytes })) {
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new TypeError(`readSkills: ${name}: expected an integer of at least 1`);
  }
  if (options.label !== undefined && !options.label) {
    throw new TypeError("readSkills: label: expected at least 1 character");
  }
  return { allowDynamic: false, ...options, maxFiles, maxBytes };
}

function clientSkills(host: ClientHost, options: CompleteOptions, write: WriteSkill): ClientSkills {
  const requests = skillRequests(host);
  const { label: server = host.server } = options;
  const served = (skill: Skill): ServedSkill => ({ ...skill, server });

  const get = async (uri: string, init?: FreshOptions) => served(await requests.get(uri, init));
  const entryOf = async (skill: Skill | string, init: SkillRequestOptions) =>
    typeof skill === "string" ? get(skill, init) : served(skill);

  return {
    list: async (init) => (await requests.list(init)).map(served),
    get,
    load: async (wanted, { signal, timeoutMs } = {}) => {
      const skill = await entryOf(wanted, { signal, timeoutMs });
      const files = holdFiles(skill, options, requests);
      const text = (await files.read(skillFile, { signal, timeoutMs })).text();
      return { ...skill, text, isVerified: skill.resources !== "dynamic", read: files.read };
    },
    download: async (wanted, { to, signal, timeoutMs } = {}) => {
      const skill = await entryOf(wanted, { signal, timeoutMs });
      // Without a manifest, the files are not known.
      const held = holdFiles(skill, { ...options, allowDynamic: false }, requests);
      const files = await readAll(held, { signal, timeoutMs });
      const folder = to === undefined ? undefined : await write(skill, files, to);
      return { ...skill, files, folder };
    },
    readDirectory: requests.readDirectory,
  };
}

/** Number of files that are read at once. */
const parallelReads = 8;

async function readAll(
  { listed, read }: HeldFiles,
  options: SkillRequestOptions,
): Promise<ReadonlyMap<string, SkillContents>> {
  // A skill whose instructions are not those of its entry is not read any further.
  const files = new Map([[skillFile, await read(skillFile, options)]]);
  const paths = [...listed.keys()].filter((path) => path !== skillFile);
  for (let start = 0; start < paths.length; start += parallelReads) {
    const part = paths.slice(start, start + parallelReads);
    const contents = await Promise.all(part.map((path) => read(path, options)));
    for (const one of contents) files.set(one.path, one);
  }
  return files;
}
