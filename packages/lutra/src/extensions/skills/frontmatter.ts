/**
 * The YAML frontmatter of `SKILL.md`, as JSON.
 *
 * @spec ext-skills/skills#skill-format, ext-skills/skills#frontmatter
 */
import { parseDocument } from "yaml";
import { isObject, type JSONObject, requireJSON } from "../../protocol/json.ts";

/** Maximum length of frontmatter, in characters. */
const maxFrontmatterLength = 65_536;

/** Maximum number of values that aliases of YAML may stand for, which bounds what they expand to. */
const maxAliasCount = 100;

const block = /^\uFEFF?---[ \t]*\r?\n((?:[\s\S]*?\r?\n)?)---[ \t]*(?:\r?\n|$)/;

/**
 * Returns the frontmatter of a `SKILL.md`.
 *
 * @throws {TypeError} for text without frontmatter, and for frontmatter that is not an object of JSON
 *   values
 */
export function parseFrontmatter(text: string): JSONObject {
  // The end of the block is searched for only in its maximum length.
  const [, source] = block.exec(text.slice(0, maxFrontmatterLength)) ?? [];
  if (source === undefined) {
    throw new TypeError(
      `SKILL.md: expected YAML between two lines of ---, in at most ${maxFrontmatterLength} characters`,
    );
  }
  const value = readYAML(source);
  if (!isObject(value)) throw new TypeError("SKILL.md: frontmatter: expected fields");
  return requireJSON(value, "frontmatter");
}

/**
 * The core schema has no dates, so that each value is one of JSON.
 *
 * @throws {TypeError} for text that is not YAML, and for aliases that expand to too much
 */
function readYAML(source: string): unknown {
  try {
    const document = parseDocument(source, {
      schema: "core",
      stringKeys: true,
      logLevel: "silent",
    });
    // A warning is about a value whose meaning is not known, such as an unknown tag.
    const [error] = [...document.errors, ...document.warnings];
    if (error !== undefined) throw error;
    return document.toJS({ maxAliasCount });
  } catch (cause) {
    // Also the error for text that is nested too deeply.
    const [message] = (cause as Error).message.split("\n");
    throw new TypeError(`SKILL.md: frontmatter: ${message}`, { cause });
  }
}
