import { createServer, defineResource, type Server } from "lutra/server";
import { readSkills, type SkillDefinition, skills } from "lutra/skills";
import { describe, expect, it } from "vitest";
import { clientOf, contextOf, fakeUpstream, mergeOf, requestOf } from "./fixtures/upstreams.ts";

const text = (name: string, body: string) =>
  `---\nname: ${name}\ndescription: About ${name}\n---\n\n${body}\n`;

function skillAt(
  path: string,
  body = "Body",
  files: SkillDefinition["files"] = {},
): SkillDefinition {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return { path, files: { "SKILL.md": text(name, body), ...files } };
}

const serverOf = (name: string, ...from: SkillDefinition[]): Server =>
  createServer({ name, version: "1", extensions: [skills({ from })] });

function mergedSkills(servers: { readonly [name: string]: Server }) {
  const upstreams = Object.entries(servers).map(([name, server]) => fakeUpstream(name, server));
  const merge = mergeOf(upstreams);
  const client = clientOf(merge, { extensions: [readSkills({ label: "gateway" })] });
  return { merge, client, upstreams };
}

const urisOf = (listed: readonly { readonly uri: string }[]) => listed.map(({ uri }) => uri);
const guide = { "references/GUIDE.md": "Guide\n" };

describe("skills of several upstreams", () => {
  it("are one list, in the order of the upstreams, and keep URIs that no other upstream has", async () => {
    const { client } = mergedSkills({
      billing: serverOf("billing", skillAt("acme/refunds", "Billing", guide)),
      support: serverOf("support", skillAt("escalate"), skillAt("triage")),
      plain: createServer({ name: "plain", version: "1", tools: [] }),
    });
    expect(urisOf(await client.skills.list())).toEqual([
      "skill://acme/refunds/SKILL.md",
      "skill://escalate/SKILL.md",
      "skill://triage/SKILL.md",
    ]);
    const loaded = await client.skills.load("skill://acme/refunds/SKILL.md");
    expect(loaded.text).toBe(text("refunds", "Billing"));
    expect((await loaded.read("references/GUIDE.md")).text()).toBe("Guide\n");
  });

  it("with the same URI carry their upstream, with all their files, and stay unrelated skills", async () => {
    const { client } = mergedSkills({
      billing: serverOf("billing", skillAt("refunds", "Of billing", guide)),
      support: serverOf("support", skillAt("refunds", "Of support")),
    });
    const [billing, support, ...others] = await client.skills.list();
    expect(others).toEqual([]);
    expect(billing).toMatchObject({
      uri: "billing+skill://refunds/SKILL.md",
      resources: [
        { uri: "billing+skill://refunds/SKILL.md" },
        { uri: "billing+skill://refunds/references/GUIDE.md" },
      ],
    });
    expect(support?.uri).toBe("support+skill://refunds/SKILL.md");
    const loaded = await client.skills.load(billing as never);
    expect(loaded.text).toContain("Of billing");
    expect((await loaded.read("references/GUIDE.md")).text()).toBe("Guide\n");
    expect((await client.skills.load(support?.uri as string)).text).toContain("Of support");
    await expect(client.skills.get("skill://refunds/SKILL.md")).rejects.toMatchObject({
      code: -32602,
    });
  });

  it("carry their upstream when another upstream lists one of their files", async () => {
    const uri = "skill://refunds/references/GUIDE.md";
    const forged = defineResource({ uri, name: "GUIDE.md", read: () => "forged" });
    const { client } = mergedSkills({
      billing: serverOf("billing", skillAt("refunds", "Body", guide)),
      other: createServer({ name: "other", version: "1", resources: [forged] }),
    });
    await client.listResources();
    const [skill] = await client.skills.list();
    expect(skill?.uri).toBe("billing+skill://refunds/SKILL.md");
    const { read } = await client.skills.load(skill as never);
    expect((await read("references/GUIDE.md")).text()).toBe("Guide\n");
  });

  it("are read by upstreams that do not list the files as resources", async () => {
    const server = serverOf("billing", skillAt("refunds", "Body", guide));
    const unlisting: Server = {
      ...server,
      serve: async (request, context) => {
        const result = await server.serve(request, context);
        return request.method === "resources/list" ? { ...result, resources: [] } : result;
      },
    };
    const { client } = mergedSkills({ billing: unlisting, other: serverOf("other") });
    const loaded = await client.skills.load("skill://refunds/SKILL.md");
    expect((await loaded.read("references/GUIDE.md")).text()).toBe("Guide\n");
  });

  it("have directories below the client's URI", async () => {
    const { client } = mergedSkills({
      a: serverOf("a", skillAt("refunds", "Body", guide)),
      b: serverOf("b", skillAt("refunds")),
    });
    await client.skills.list();
    const children = await client.skills.readDirectory("a+skill://refunds/references");
    expect(children).toMatchObject([{ uri: "a+skill://refunds/references/GUIDE.md" }]);
  });

  it("come in pages, whose cursors other gateways with the same keys accept", async () => {
    const upstreams = () => [
      fakeUpstream("a", serverOf("a", skillAt("x"), skillAt("y"))),
      fakeUpstream("b", serverOf("b", skillAt("z"))),
    ];
    const [first, second] = [upstreams(), upstreams()].map((all) => mergeOf(all, { pageSize: 2 }));
    const page = await first?.serve(requestOf("skills/list"), contextOf());
    expect(urisOf(page?.skills as [])).toEqual(["skill://x/SKILL.md", "skill://y/SKILL.md"]);
    const request = requestOf("skills/list", { cursor: page?.nextCursor });
    const rest = await second?.serve(request, contextOf());
    expect(urisOf(rest?.skills as [])).toEqual(["skill://z/SKILL.md"]);
    expect(rest).not.toHaveProperty("nextCursor");
  });

  it("are listed without an upstream that does not answer, which the result names", async () => {
    const { client, upstreams } = mergedSkills({
      a: serverOf("a", skillAt("x")),
      b: serverOf("b", skillAt("y")),
    });
    const [, b] = upstreams;
    await client.discover();
    if (b) b.isDown = true;
    expect(urisOf(await client.skills.list())).toEqual(["skill://x/SKILL.md"]);
  });

  it("are declared if any upstream has them, and are unknown methods if none has", async () => {
    const { merge } = mergedSkills({
      a: serverOf("a", skillAt("x")),
      b: createServer({ name: "b", version: "1", tools: [] }),
    });
    const { capabilities } = await merge.serve(requestOf("server/discover"), contextOf());
    expect(capabilities).toMatchObject({
      resources: {},
      extensions: { "io.modelcontextprotocol/skills": { directoryRead: true } },
    });
    const none = mergedSkills({ b: createServer({ name: "b", version: "1", tools: [] }) });
    await expect(none.merge.serve(requestOf("skills/list"), contextOf())).rejects.toMatchObject({
      code: -32601,
    });
  });

  it.each([["skills/get"], ["resources/directory/read"]])(
    "%s MUST return -32602 for a URI that no upstream serves",
    async (method) => {
      const { merge } = mergedSkills({ a: serverOf("a", skillAt("x")), b: serverOf("b") });
      for (const uri of [
        "skill://none/SKILL.md",
        "b+skill://x/SKILL.md",
        "skill://x/SKILL.md/..",
      ]) {
        await expect(merge.serve(requestOf(method, { uri }), contextOf())).rejects.toMatchObject({
          code: -32602,
        });
      }
    },
  );
});
