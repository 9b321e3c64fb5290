/** Compares the content of a read with the entry of a skill. */
import { hash } from "node:crypto";
import { isObject, type Result } from "lutra/protocol";
import type { Skill } from "lutra/skills";
import { canonicalUri } from "../subjects/canonical-uri.ts";

/**
 * Returns true if the result has exactly the bytes that the entry lists for the URI.
 *
 * @spec ext-skills/skills#verification-on-read
 */
export function isContentOf({ resources }: Skill, uri: string, { contents }: Result): boolean {
  if (resources === "dynamic" || !Array.isArray(contents) || contents.length !== 1) return false;
  const canonical = canonicalUri(uri);
  const file = resources.find((one) => canonicalUri(one.uri) === canonical);
  const [only] = contents as readonly unknown[];
  if (file === undefined || !isObject(only)) return false;
  const { text, blob } = only;
  const bytes = typeof text === "string" ? Buffer.from(text) : Buffer.from(String(blob), "base64");
  return bytes.length === file.size && `sha256:${hash("sha256", bytes)}` === file.digest;
}
