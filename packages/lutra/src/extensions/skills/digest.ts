/**
 * Digests of files, and of a skill as a whole.
 *
 * @spec ext-skills/skills#integrity-and-verification
 */
import type { Skill, SkillResource } from "./protocol.ts";
import { pathBelow, rootOf } from "./uris.ts";

const encoder = new TextEncoder();

/** Returns the SHA-256 digest of bytes, as `sha256:` and 64 lower-case hexadecimal digits. */
export async function digestOf(bytes: Uint8Array): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  const hex = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `sha256:${hex.join("")}`;
}

/**
 * Returns one digest for all files of a skill: of their paths and digests. An approval that is bound to
 * it ends when a file changes, is added or is removed. It does not depend on the URI of the skill, so
 * that it is the same behind a gateway. Returns undefined for a dynamic skill, to which no approval can
 * be bound.
 *
 * @spec ext-skills/skills#security-considerations
 */
export async function skillDigest({
  uri,
  resources,
}: Pick<Skill, "uri" | "resources">): Promise<string | undefined> {
  if (resources === "dynamic") return undefined;
  const root = rootOf(uri) ?? "";
  const files = resources.map((file: SkillResource) => [
    pathBelow(root, file.uri) ?? file.uri,
    file.digest,
  ]);
  files.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  return digestOf(encoder.encode(JSON.stringify(files)));
}
