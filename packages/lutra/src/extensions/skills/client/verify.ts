/**
 * The verification of files against the entry of their skill.
 *
 * @spec ext-skills/skills#verification-on-read, ext-skills/skills#frontmatter-verification
 */
import { canonicalJSON } from "../../../protocol/json.ts";
import type { ResourceContents } from "../../../protocol/resource-contents.ts";
import { digestOf } from "../digest.ts";
import { parseFrontmatter } from "../frontmatter.ts";
import type { Skill, SkillResource } from "../protocol.ts";
import { SkillError } from "./skill-error.ts";

const encoder = new TextEncoder();

/**
 * Returns the bytes of a file.
 *
 * @throws {SkillError} `invalid` for content that is neither text nor Base64, and `limit` for content
 *   above the limit, which is not decoded
 */
export function bytesOf(contents: ResourceContents, maxBytes: number): Uint8Array {
  const { uri } = contents;
  const tooLarge = () => new SkillError("limit", uri, `expected at most ${maxBytes} bytes`);
  if ("text" in contents && typeof contents.text === "string") {
    if (contents.text.length > maxBytes) throw tooLarge();
    return encoder.encode(contents.text);
  }
  const { blob } = contents as { readonly blob: string };
  // Base64 has four characters for three bytes.
  if (Math.floor((blob.length * 3) / 4) > maxBytes + 2) throw tooLarge();
  try {
    return Uint8Array.from(atob(blob), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new SkillError("invalid", uri, "expected text or Base64", cause);
  }
}

/**
 * Compares a file with the entry of its skill, the size first.
 *
 * @throws {SkillError} `size` or `digest`
 */
export async function verifyFile(bytes: Uint8Array, file: SkillResource): Promise<void> {
  const { uri, size, digest } = file;
  if (bytes.length !== size) {
    throw new SkillError("size", uri, `expected ${size} bytes, got ${bytes.length}`);
  }
  const found = await digestOf(bytes);
  if (found !== digest) throw new SkillError("digest", uri, `expected ${digest}, got ${found}`);
}

/**
 * Compares the frontmatter of `SKILL.md` with that of the entry.
 *
 * @throws {SkillError} `frontmatter`
 */
export function verifyFrontmatter(text: string, { uri, frontmatter }: Skill): void {
  let isSame: boolean;
  try {
    isSame = canonicalJSON(parseFrontmatter(text)) === canonicalJSON(frontmatter);
  } catch (cause) {
    throw new SkillError("frontmatter", uri, "expected valid frontmatter", cause);
  }
  if (!isSame) throw new SkillError("frontmatter", uri, "expected the frontmatter of the entry");
}
