/** `lutra skills`: lists the skills of a server, prints one, or downloads it. */
import { readSkills, type ServedSkill, skillDigest } from "lutra/skills";
import { CommandError } from "../command-error.ts";
import type { CommandLine } from "../command-line.ts";
import { type Connected, withServer } from "./connect.ts";
import { restOf, textOption } from "./options.ts";
import { plainJSON, plainLine, plainText } from "./plain-text.ts";
import { tableLines } from "./screen.ts";

export async function skills(line: CommandLine): Promise<number> {
  const [uri] = restOf(line);
  const to = textOption(line, "to");
  if (uri === undefined && to !== undefined) {
    throw new CommandError("--to: expected a skill to download", 2);
  }
  return withServer(
    line,
    async (server) => {
      if (uri === undefined) await list(server);
      else if (to === undefined) await print(uri, server);
      else await download(uri, to, server);
      return 0;
    },
    (label) => [readSkills({ label })],
  );
}

async function list({ client, request, screen, isJSON }: Connected): Promise<void> {
  const found = await client.skills.list({ signal: request.signal });
  const all = await Promise.all(
    found.map(async (skill) => ({ ...skill, digest: (await skillDigest(skill)) ?? "dynamic" })),
  );
  if (isJSON) screen.print(plainJSON({ skills: all }));
  else if (all.length === 0) screen.print("The server lists no skills.");
  else screen.print(tableLines(all.map(rowOf), screen).join("\n"));
}

function rowOf({ uri, frontmatter, digest }: ServedSkill & { readonly digest: string }) {
  return { term: plainLine(uri), text: `${plainLine(frontmatter.description)}\n${digest}` };
}

async function print(uri: string, { client, request, screen, isJSON }: Connected): Promise<void> {
  const { read: _read, ...skill } = await client.skills.load(uri, { signal: request.signal });
  screen.print(isJSON ? plainJSON(skill) : plainText(skill.text));
}

async function download(
  uri: string,
  to: string,
  { client, request, screen, isJSON }: Connected,
): Promise<void> {
  const { files, folder, ...skill } = await client.skills.download(uri, {
    to,
    signal: request.signal,
  });
  const paths = [...files.keys()];
  screen.print(isJSON ? plainJSON({ ...skill, folder, files: paths }) : plainLine(folder ?? ""));
}
