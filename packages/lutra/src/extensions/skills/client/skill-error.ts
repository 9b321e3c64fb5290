/** The error of a skill that a client does not load. */

/**
 * The reason for which a skill, or a file of it, is not used:
 *
 * - `unsupported`: the server does not declare the extension, or the feature
 * - `invalid`: the entry breaks the rules of the extension
 * - `digest`, `size`, `frontmatter`: the content is not that of the entry
 * - `unlisted`: the entry does not list the file
 * - `dynamic`: the content has no digests, and the options do not allow that
 * - `limit`: the skill is larger than the options allow
 * - `path`: the file or the folder can't be written under its name
 */
export type SkillErrorReason =
  | "unsupported"
  | "invalid"
  | "digest"
  | "size"
  | "frontmatter"
  | "unlisted"
  | "dynamic"
  | "limit"
  | "path";

const brand = Symbol.for("lutra.SkillError");

/**
 * A skill, or a file of it, must not be used. After `digest`, `size` or `frontmatter`, the server may
 * have changed the skill: get its entry again, and ask for approval of the change. This error is local
 * and is not sent to the peer.
 */
export class SkillError extends Error {
  override readonly name: string = "SkillError";
  readonly reason: SkillErrorReason;
  /** The URI of the skill or of the file. */
  readonly uri: string;

  constructor(reason: SkillErrorReason, uri: string, message: string, cause?: unknown) {
    super(`${uri}: ${message}`, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.uri = uri;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a `SkillError`, including one of another copy of this package. */
export function isSkillError(value: unknown): value is SkillError {
  return typeof value === "object" && value !== null && brand in value;
}
