/**
 * The URIs of skills and their files, and the paths of files inside a skill.
 *
 * @spec ext-skills/skills#resource-mapping, ext-skills/skills#skill-uris
 */
import { isURI, maxURILength } from "../../protocol/uri.ts";

const skillFileEnd = "/SKILL.md";

/** Maximum length of a path inside a skill, in characters. */
const maxPathLength = 1024;

/** Maximum number of directories in a path, which includes the path of the skill. */
const maxPathDepth = 16;

/**
 * Returns the URI of the directory of a skill, or undefined for a URI that does not name a `SKILL.md`
 * in a directory.
 */
export function rootOf(uri: string): string | undefined {
  if (uri.length > maxURILength || !isURI(uri) || /[?#]/.test(uri)) return undefined;
  if (!uri.endsWith(skillFileEnd)) return undefined;
  const root = uri.slice(0, -skillFileEnd.length);
  return nameIn(root) === undefined ? undefined : root;
}

/** Returns the last segment of the directory of a skill, which is the name of the skill. */
export function nameIn(root: string): string | undefined {
  const [, path] = /^[a-z][a-z\d+.-]*:\/\/(.+)$/is.exec(root) ?? [];
  return path?.slice(path.lastIndexOf("/") + 1) || undefined;
}

/**
 * The names that the Agent Skills specification allows: lower-case letters, digits and single hyphens
 * inside.
 *
 * @see https://agentskills.io/specification
 */
export function isSkillName(name: string): boolean {
  return name.length <= 64 && /^[a-z\d]+(?:-[a-z\d]+)*$/.test(name);
}

/** Returns the URI of a file or directory below the directory of a skill. */
export function uriBelow(root: string, path: string): string {
  return `${root}/${path.split("/").map(encodeURIComponent).join("/")}`;
}

/**
 * Returns the path of a file of a skill, with its encoding removed, or undefined for a URI that is not
 * below the directory of the skill, or whose path is not safe.
 */
export function pathBelow(root: string, uri: string): string | undefined {
  if (!uri.startsWith(`${root}/`) || /[?#]/.test(uri)) return undefined;
  let path: string;
  try {
    // Each segment is decoded on its own, so that an encoded separator stays inside its segment.
    const segments = uri
      .slice(root.length + 1)
      .split("/")
      .map(decodeURIComponent);
    if (segments.some((segment) => segment.includes("/"))) return undefined;
    path = segments.join("/");
  } catch {
    return undefined;
  }
  return pathProblem(path) === undefined ? path : undefined;
}

/**
 * Returns the problem with a relative path, or undefined. A valid path has `/` between its segments
 * and means the same file on every operating system.
 */
export function pathProblem(path: string): string | undefined {
  if (path.length > maxPathLength) return `expected at most ${maxPathLength} characters`;
  const segments = path.split("/");
  if (segments.length > maxPathDepth) return `expected at most ${maxPathDepth} directories`;
  for (const segment of segments) {
    const problem = segmentProblem(segment);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Names that Windows gives to devices, with any extension. */
const deviceName = /^(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$)(?:\.|$)/i;

/** The folder of a repository, and its short name on Windows. */
const gitFolder = /^(?:\.git|git~1)$/i;

function segmentProblem(segment: string): string | undefined {
  if (segment === "" || segment === "." || segment === "..") {
    return "expected a relative path without empty segments, `.` and `..`";
  }
  if (/[\\:*?"<>|\p{Cc}\p{Cf}\p{Cs}]/u.test(segment)) {
    return 'expected no control or invisible characters and none of \\ : * ? " < > |';
  }
  if (/[. ]$/.test(segment)) return "expected no segment that ends with a dot or a space";
  if (gitFolder.test(segment)) return "expected no folder of Git, whose settings can run programs";
  if (deviceName.test(segment)) return "expected no device name of Windows, such as nul";
  return undefined;
}
