/**
 * The files from which skills are made, before they are checked.
 *
 * @spec ext-skills/skills#skill-format
 */
import type { SkillFrontmatter } from "../protocol.ts";

/** The content of a file: text, bytes, or a function that creates either on each read. */
export type SkillContent =
  | string
  | Uint8Array
  | (() => string | Uint8Array | Promise<string | Uint8Array>);

/** A skill as a value. */
export interface SkillDefinition {
  /**
   * The path of the skill on its server, with `/` between segments. The last segment is the name of
   * the skill, for example `acme/billing/refunds`.
   */
  readonly path: string;
  /** The files by their path in the skill. `SKILL.md` is required. */
  readonly files: { readonly [path: string]: SkillContent };
  /** The frontmatter of a `SKILL.md` that a function creates. @default that of the text */
  readonly frontmatter?: SkillFrontmatter;
  /** False to serve the skill without listing it. @default true */
  readonly listed?: boolean;
}

/** All files and skills of a server, by their path. */
export interface SkillSource {
  readonly files: ReadonlyMap<string, SkillContent>;
  /** The skills by the path of their directory. */
  readonly skills: ReadonlyMap<string, Pick<SkillDefinition, "frontmatter" | "listed">>;
}
