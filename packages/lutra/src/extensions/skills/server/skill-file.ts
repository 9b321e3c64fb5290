/**
 * One file of a skill, as a resource.
 *
 * @spec ext-skills/skills#resource-metadata, ext-skills/skills#reading-skill-content
 */
import { canonicalJSON } from "../../../protocol/json.ts";
import type { ResourceContents } from "../../../protocol/resource-contents.ts";
import type { Resource } from "../../../protocol/resources.ts";
import { blob } from "../../../server/content.ts";
import { parseFrontmatter } from "../frontmatter.ts";
import { type SkillFrontmatter, skillLimits } from "../protocol.ts";
import { mimeTypeOf } from "./mime-types.ts";
import type { SkillContent } from "./skill-source.ts";

export interface SkillFile {
  readonly uri: string;
  /** The path on the server, which begins with that of the skill. */
  readonly path: string;
  /** Undefined for a file that a function creates. */
  readonly bytes: Uint8Array | undefined;
  /** The metadata of the file in lists. A `SKILL.md` is called like its skill. */
  readonly resource: Resource;
  readonly read: () => ResourceContents | Promise<ResourceContents>;
}

export interface FileInit {
  readonly content: SkillContent;
  /** The frontmatter of the skill, for its `SKILL.md`. */
  readonly frontmatter: SkillFrontmatter | undefined;
}

/** Compiles a file. */
export function compileFile(uri: string, path: string, init: FileInit): SkillFile {
  const { content, frontmatter } = init;
  const bytes = typeof content === "function" ? undefined : bytesOf(content);
  const mimeType = mimeTypeOf(path, bytes !== undefined && textOf(bytes) !== undefined);
  const name = path.slice(path.lastIndexOf("/") + 1);
  const described = frontmatter
    ? { name: frontmatter.name, description: frontmatter.description }
    : { name };
  return {
    uri,
    path,
    bytes,
    resource: { uri, ...described, mimeType, ...(bytes && { size: bytes.length }) },
    // Decoding again takes less memory than keeping the text as well.
    read: () => (bytes ? contentsOf(uri, path, bytes) : create(uri, path, init)),
  };
}

/** Creates the content of a file. The size counts towards the limit of the whole skill. */
async function create(
  uri: string,
  path: string,
  { content, frontmatter }: FileInit,
): Promise<ResourceContents> {
  const created = typeof content === "function" ? await content() : content;
  if (typeof created !== "string" && !(created instanceof Uint8Array)) {
    throw new TypeError(`skill file ${path}: expected text or bytes (Uint8Array)`);
  }
  const bytes = bytesOf(created);
  if (bytes.length > skillLimits.bytes) {
    throw new TypeError(`skill file ${path}: expected at most ${skillLimits.bytes} bytes`);
  }
  if (frontmatter !== undefined) requireSameFrontmatter(bytes, frontmatter, path);
  return contentsOf(uri, path, bytes);
}

/** @spec ext-skills/skills#frontmatter */
function requireSameFrontmatter(
  bytes: Uint8Array,
  frontmatter: SkillFrontmatter,
  path: string,
): void {
  const found = parseFrontmatter(new TextDecoder().decode(bytes));
  if (canonicalJSON(found) === canonicalJSON(frontmatter)) return;
  throw new TypeError(`skill file ${path}: expected the frontmatter of the definition`);
}

const encoder = new TextEncoder();
/** Keeps a byte order mark, so that the text has the bytes of the file again. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function bytesOf(content: string | Uint8Array): Uint8Array {
  // A copy, since the manifest must not change with the array of the caller.
  return typeof content === "string" ? encoder.encode(content) : content.slice();
}

/** Returns text for content in UTF-8, and Base64 for any other. Both have the bytes of the file. */
function contentsOf(uri: string, path: string, bytes: Uint8Array): ResourceContents {
  const text = textOf(bytes);
  const mimeType = mimeTypeOf(path, text !== undefined);
  return text === undefined ? blob(uri, bytes, mimeType) : { uri, mimeType, text };
}

function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
