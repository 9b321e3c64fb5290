/**
 * Loads a skill: reads `SKILL.md`, verifies it, and holds the entry for the files that are read later.
 *
 * @spec ext-skills/skills#the-acting-window-and-the-held-entry, ext-skills/skills#relative-references
 */
import { type Skill, type SkillResource, skillFile } from "../protocol.ts";
import { pathBelow, pathProblem, rootOf, uriBelow } from "../uris.ts";
import type { SkillRequestOptions, SkillRequests } from "./skill-client.ts";
import { isSkillError, SkillError } from "./skill-error.ts";
import { bytesOf, verifyFile, verifyFrontmatter } from "./verify.ts";

/** A verified file. */
export interface SkillContents {
  readonly uri: string;
  /** The path below the directory of the skill. */
  readonly path: string;
  readonly mimeType: string | undefined;
  readonly bytes: Uint8Array;
  /** The bytes as text; bytes that are not UTF-8 become U+FFFD. */
  readonly text: () => string;
}

/** Limits on the skills that are loaded. */
export interface SkillLimits {
  readonly maxFiles: number;
  readonly maxBytes: number;
  readonly allowDynamic: boolean;
}

/** The files of one held entry. */
export interface HeldFiles {
  /** The files of the manifest by their path; empty for a dynamic skill. */
  readonly listed: ReadonlyMap<string, SkillResource>;
  /** Reads a file by its path below the skill, such as `references/GUIDE.md`, or by its URI. */
  readonly read: (file: string, options?: SkillRequestOptions) => Promise<SkillContents>;
}

/**
 * Holds the entry of a skill. Nothing is read yet.
 *
 * @throws {SkillError} `limit` or `dynamic`
 */
export function holdFiles(skill: Skill, limits: SkillLimits, requests: SkillRequests): HeldFiles {
  const { uri, resources } = skill;
  const root = rootOf(uri) as string;
  requireWithin(skill, limits);
  const files = resources === "dynamic" ? [] : resources;
  const listed = new Map(files.map((file) => [pathBelow(root, file.uri) as string, file]));
  let dynamicBytes = 0;

  function pathOf(file: string): string {
    const path = file.includes("://") ? pathBelow(root, file) : file.replace(/^(?:\.\/)+/, "");
    if (path === undefined || pathProblem(path) !== undefined) {
      throw new SkillError(
        "unlisted",
        uri,
        `expected a file in the directory of the skill: ${file}`,
      );
    }
    return path;
  }

  async function readListed(file: SkillResource, path: string, options: SkillRequestOptions) {
    const attempt = async (isFresh: boolean): Promise<SkillContents> => {
      const contents = await requests.readFile(file.uri, { ...options, isFresh });
      const bytes = bytesOf(contents, limits.maxBytes);
      await verifyFile(bytes, file);
      if (path === skillFile) verifyFrontmatter(decode(bytes), skill);
      return contentsOf(file.uri, path, { bytes, mimeType: contents.mimeType });
    };
    // A cache may have the former content of a skill that has changed.
    return attempt(false).catch((error) => {
      if (isSkillError(error) && error.reason !== "limit") return attempt(true);
      throw error;
    });
  }

  async function readDynamic(path: string, options: SkillRequestOptions) {
    const target = uriBelow(root, path);
    const contents = await requests.readFile(target, options);
    const bytes = bytesOf(contents, limits.maxBytes - dynamicBytes);
    dynamicBytes += bytes.length;
    if (path === skillFile) verifyFrontmatter(decode(bytes), skill);
    return contentsOf(target, path, { bytes, mimeType: contents.mimeType });
  }

  return {
    listed,
    read: async (name, options = {}) => {
      const path = pathOf(name);
      if (resources === "dynamic") return readDynamic(path, options);
      const file = listed.get(path);
      if (file !== undefined) return readListed(file, path, options);
      throw new SkillError("unlisted", uri, `${path} is not listed; get the skill again`);
    },
  };
}

/** @spec ext-skills/skills#limits */
function requireWithin({ uri, resources }: Skill, limits: SkillLimits): void {
  if (resources === "dynamic") {
    if (limits.allowDynamic) return;
    throw new SkillError("dynamic", uri, "the skill has no digests (option allowDynamic)");
  }
  if (resources.length > limits.maxFiles) {
    throw new SkillError("limit", uri, `expected at most ${limits.maxFiles} files`);
  }
  const bytes = resources.reduce((sum, { size }) => sum + size, 0);
  if (bytes > limits.maxBytes) {
    throw new SkillError("limit", uri, `expected at most ${limits.maxBytes} bytes, got ${bytes}`);
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function decode(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

function contentsOf(
  uri: string,
  path: string,
  { bytes, mimeType }: Pick<SkillContents, "bytes" | "mimeType">,
): SkillContents {
  return { uri, path, mimeType, bytes, text: () => decode(bytes) };
}
