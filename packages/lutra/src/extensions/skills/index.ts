/**
 * `lutra/skills` for browsers and edge platforms: the extension `io.modelcontextprotocol/skills`. Node,
 * Deno and Bun load `node.ts`, which exports the same names and adds folders.
 */
import { type ReadSkills, readSkillsOn } from "./client/read-skills.ts";
import { type CreateSkills, skillsOn } from "./server/skills.ts";

/**
 * Creates the Skills extension for a server. Each file of a skill becomes a resource of the server.
 *
 * @throws {TypeError} for an unknown option, and for invalid skills
 * @example
 * ```ts
 * export default createServer({
 *   name: "payments",
 *   version: "1.0.0",
 *   extensions: [skills({ from: new URL("./skills", import.meta.url) })],
 * });
 * ```
 */
export const skills: CreateSkills = skillsOn(() => {
  throw new TypeError("skills: from: folders need Node, Deno or Bun; pass skills as values here");
});

/**
 * Creates the Skills extension for a client, which adds `client.skills`.
 *
 * @throws {TypeError} for an unknown or invalid option
 * @example
 * ```ts
 * const client = createClient(url, { extensions: [readSkills({ label: "payments" })] });
 * const [skill] = await client.skills.list();
 * const { text, read } = await client.skills.load(skill);
 * ```
 */
export const readSkills: ReadSkills = readSkillsOn(() => {
  throw new TypeError("skills: to: folders need Node, Deno or Bun; leave it out here");
});

export * from "./exports.ts";
