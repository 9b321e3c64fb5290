import { toolsForModel } from "lutra/apps/host";
import { createClient } from "lutra/client";
import { readSkills } from "lutra/skills";
import { expect, it } from "vitest";
import atlas from "../../examples/atlas/server.ts";

const uri = "skill://plan-a-trip/SKILL.md";
const client = createClient(atlas, { extensions: [readSkills({ label: "atlas" })] });

it("serves a skill that its instructions name", async () => {
  const { instructions } = await client.discover();
  expect(instructions).toContain(uri);
  expect(await client.skills.list()).toMatchObject([
    { server: "atlas", uri, frontmatter: { name: "plan-a-trip" } },
  ]);
});

it("the skill is verified, and all files that it links to are its own", async () => {
  const { text, read } = await client.skills.load(uri);
  const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, path = ""]) => path);
  expect(links).toHaveLength(3);
  for (const path of links) expect((await read(path)).text()).not.toBe("");
});

it("the skill names the tools for models, all of them and no others", async () => {
  const tools = toolsForModel((await client.listTools()).tools);
  const { text, read } = await client.skills.load(uri);
  const table = (await read("references/tools.md")).text();
  const rows = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  const names = tools.map(({ name }) => name);
  expect(rows.sort()).toEqual([...names].sort());
  const named = [...text.matchAll(/`([a-z]+_[a-z_]+|search|nearby)`/g)].map(([, name]) => name);
  expect(
    named.filter((name) => name !== "trip_id").every((name) => names.includes(name as never)),
  ).toBe(true);
});
