/**
 * The name of a tool or prompt with its upstream as a prefix: `upstream.name`. If the prefix makes it too
 * long, it is cut and ends in a digest.
 *
 * @spec server/tools#tool-names
 */
import { createHash } from "node:crypto";

const maxLength = 128;
const digestLength = 16;

/** Returns the name with its prefix, shortened if it is too long. */
export function prefixedName(upstream: string, name: string): string {
  const full = `${upstream}.${name}`;
  if (full.length <= maxLength || name.length > maxLength) return full;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, digestLength);
  return `${full.slice(0, maxLength - digestLength - 1)}-${digest}`;
}
