/**
 * The rules for the entry of a skill.
 *
 * @spec ext-skills/skills#skill-entries, ext-skills/skills#frontmatter, ext-skills/skills#resources
 */
import { isObject, type JSONObject } from "../../protocol/json.ts";
import { isSkillName, nameIn, pathBelow, rootOf } from "./uris.ts";

const digestForm = /^sha256:[\da-f]{64}$/;

/** Returns the problem with an entry, with the path that leads to it, or undefined. */
export function entryProblem(value: unknown): string | undefined {
  if (!isObject(value)) return ": expected an object";
  const { uri, frontmatter, resources } = value;
  const root = typeof uri === "string" ? rootOf(uri) : undefined;
  if (root === undefined) return ".uri: expected the URI of a SKILL.md in a directory";
  const problem = frontmatterProblem(frontmatter, nameIn(root));
  if (problem !== undefined) return `.frontmatter${problem}`;
  if (resources === "dynamic") return undefined;
  if (!Array.isArray(resources)) return '.resources: expected an array or "dynamic"';
  return manifestProblem(resources, uri as string, root);
}

/** Maximum length of the description of a skill, by the Agent Skills specification, in characters. */
const maxDescriptionLength = 1024;

/**
 * Returns the problem with the frontmatter of a skill, or undefined.
 *
 * @param directory The name of the directory of the skill, which is also the name of the skill
 */
export function frontmatterProblem(
  value: unknown,
  directory: string | undefined,
): string | undefined {
  if (!isObject(value)) return ": expected an object";
  const { name, description } = value;
  if (typeof name !== "string" || !isSkillName(name)) {
    return ".name: expected 1 to 64 lower-case letters, digits and single hyphens";
  }
  if (name !== directory) return `.name: expected the name of the directory, ${directory}`;
  const isDescription =
    typeof description === "string" &&
    description.trim() !== "" &&
    [...description].length <= maxDescriptionLength;
  return isDescription
    ? undefined
    : `.description: expected 1 to ${maxDescriptionLength} characters`;
}

/** Maximum number of files in the entry of a skill that a client checks. */
const maxManifestFiles = 10_000;

function manifestProblem(
  resources: readonly unknown[],
  uri: string,
  root: string,
): string | undefined {
  if (resources.length > maxManifestFiles) {
    return `.resources: expected at most ${maxManifestFiles} files`;
  }
  const listed = new Set<string>();
  for (const [index, resource] of resources.entries()) {
    const problem = resourceProblem(resource, root);
    if (problem !== undefined) return `.resources.${index}${problem}`;
    const path = pathBelow(root, (resource as JSONObject).uri as string) as string;
    if (listed.has(path)) return `.resources.${index}.uri: listed twice`;
    listed.add(path);
  }
  const hasItself = resources.some((resource) => (resource as JSONObject).uri === uri);
  return hasItself ? undefined : ".resources: expected an entry for SKILL.md";
}

function resourceProblem(resource: unknown, root: string): string | undefined {
  if (!isObject(resource)) return ": expected an object";
  const { uri, digest, size } = resource;
  if (typeof uri !== "string" || pathBelow(root, uri) === undefined) {
    return ".uri: expected a file in the directory of the skill";
  }
  if (typeof digest !== "string" || !digestForm.test(digest)) {
    return ".digest: expected sha256: and 64 lower-case hexadecimal digits";
  }
  if (!Number.isSafeInteger(size) || (size as number) < 0) {
    return ".size: expected an integer of at least 0";
  }
  return undefined;
}
