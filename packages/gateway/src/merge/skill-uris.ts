/**
 * Translates the URIs of skills and directories into the client's form. All files of a skill stay below
 * its directory.
 *
 * @spec ext-skills/skills#skill-uris, ext-skills/skills#resources
 */
import { isObject, type JSONObject, type Result } from "lutra/protocol";

const skillFileEnd = "/SKILL.md";

/** Returns the URIs of the files in the entry of a skill. */
export function filesOf({ resources }: JSONObject): readonly string[] {
  if (!Array.isArray(resources)) return [];
  return resources.flatMap((file) =>
    isObject(file) && typeof file.uri === "string" ? file.uri : [],
  );
}

/** Returns the entry of a skill under the client's URI. */
export function showSkill(skill: JSONObject, shown: string): JSONObject {
  const { uri, resources } = skill;
  if (uri === shown || typeof uri !== "string" || !uri.endsWith(skillFileEnd)) return skill;
  const move = moveBelow(rootOf(uri), rootOf(shown));
  const moved = Array.isArray(resources) ? resources.map(move) : resources;
  return { ...skill, uri: shown, resources: moved };
}

/** Returns the result of `skills/get` with the client's URIs. */
export function showGotSkill(result: Result, _original: string, sent: string): Result {
  const { skill } = result;
  return isObject(skill) ? { ...result, skill: showSkill(skill, sent) } : result;
}

/** Returns the children of a directory below the client's URI of the directory. */
export function showDirectory(result: Result, original: string, sent: string): Result {
  const { resources } = result;
  if (!Array.isArray(resources) || original === sent) return result;
  return { ...result, resources: resources.map(moveBelow(original, sent)) };
}

function rootOf(uri: string): string {
  return uri.slice(0, -skillFileEnd.length);
}

/** Moves an entry from one directory to another. Entries outside stay, and do not belong to it. */
function moveBelow(from: string, to: string): (entry: unknown) => unknown {
  return (entry) => {
    const uri = isObject(entry) ? entry.uri : undefined;
    if (typeof uri !== "string" || !uri.startsWith(`${from}/`)) return entry;
    return { ...(entry as JSONObject), uri: to + uri.slice(from.length) };
  };
}
