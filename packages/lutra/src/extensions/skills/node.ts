/** `lutra/skills` for Node, Deno and Bun: the exports of `index.ts`, with folders. */
import { writeSkill } from "./client/node-write-skill.ts";
import { type ReadSkills, readSkillsOn } from "./client/read-skills.ts";
import { readFolder } from "./server/node-skill-folder.ts";
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
export const skills: CreateSkills = skillsOn(readFolder);

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
export const readSkills: ReadSkills = readSkillsOn(writeSkill);

export * from "./exports.ts";
