import { createServer, defineResource, type Server } from "lutra/server";
import { type Skill, type SkillDefinition, skillDigest, skills } from "lutra/skills";
import { describe, expect, it } from "vitest";
import type { ConfigInput } from "../config/schema.ts";
import { planOf } from "../fixtures/plan-of.ts";

type Rules = NonNullable<ConfigInput["upstreams"][string]["skills"]>;

const uri = "skill://acme/refunds/SKILL.md";
const guide = "skill://acme/refunds/GUIDE.md";

function refunds(body = "Body"): SkillDefinition {
  const text = `---\nname: refunds\ndescription: About refunds\n---\n\n${body}\n`;
  return { path: "acme/refunds", files: { "SKILL.md": text, "GUIDE.md": "Guide\n" } };
}

function other(path = "docs/style"): SkillDefinition {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const text = `---\nname: ${name}\ndescription: About ${name}\n---\n`;
  return { path, files: { "SKILL.md": text, "a.md": "a" } };
}

function serving(...from: SkillDefinition[]) {
  const extension = skills({ from });
  const note = defineResource({ uri: "note://1", name: "1", read: () => "note" });
  const server = createServer({
    name: "billing",
    version: "1",
    resources: [note],
    extensions: [extension],
  });
  return { server, extension };
}

/** A plan with one upstream, whose skills have rules. */
function planWith(server: Server, rules: Rules, merge = false) {
  const plan = planOf(
    { billing: server },
    {
      upstreams: { billing: { url: "http://127.0.0.1:1/mcp", skills: rules } },
      routes: merge ? [{ merge: ["billing"] }] : [{ to: "billing" }],
    },
  );
  const list = async () => (await plan.ask({ method: "skills/list" })).skills as readonly Skill[];
  const read = (file: string) => plan.ask({ method: "resources/read", params: { uri: file } });
  const get = (skill: string) => plan.ask({ method: "skills/get", params: { uri: skill } });
  return { ...plan, list, read, get };
}

async function digestOf(definition: SkillDefinition): Promise<string> {
  const [skill] = await planWith(serving(definition).server, { allow: "*" }).list();
  return (await skillDigest(skill as Skill)) as string;
}

const urisOf = (listed: readonly { readonly uri: string }[]) => listed.map((one) => one.uri);

describe("the rules for skills", () => {
  it("serve a skill that is allowed, in any version", async () => {
    const { server, extension } = serving(refunds(), other());
    const { list, read, warnings } = planWith(server, { allow: "skill://*" });
    expect(urisOf(await list())).toEqual([uri, "skill://docs/style/SKILL.md"]);
    extension.reload([refunds("Changed")]);
    expect(await read(uri)).toMatchObject({
      contents: [{ text: expect.stringContaining("Changed") }],
    });
    expect(warnings).toEqual([]);
  });

  it.each([[false], [true]])("deny a skill and its files (merged: %s)", async (merge) => {
    const rules = { allow: "skill://*", deny: "skill://acme/*" };
    const { list, read, get, ask, last } = planWith(
      serving(refunds(), other()).server,
      rules,
      merge,
    );
    expect(urisOf(await list())).toEqual(["skill://docs/style/SKILL.md"]);
    await expect(get(uri)).rejects.toMatchObject({ code: -32602 });
    expect(last().reason).toBe("skill");
    for (const file of [
      uri,
      guide,
      "skill://ACME/refunds/GUIDE.md",
      "skill://acme/refunds/%47UIDE.md",
    ]) {
      await expect(read(file), file).rejects.toMatchObject({ code: expect.any(Number) });
    }
    const directory = { uri: "skill://acme/refunds" };
    await expect(ask({ method: "resources/directory/read", params: directory })).rejects.toThrow();
    expect(await read("skill://docs/style/a.md")).toMatchObject({ contents: [{ text: "a" }] });
    expect(await read("note://1")).toMatchObject({ contents: [{ text: "note" }] });
  });

  it("refuse a file of a denied skill, even if it is the first request", async () => {
    const { read } = planWith(serving(refunds()).server, { deny: uri });
    await expect(read(guide)).rejects.toMatchObject({ code: -32602 });
  });

  it("refuse a skill that no rule names, and name it once, with its digest", async () => {
    const { list, read, get, warnings } = planWith(serving(refunds()).server, {});
    expect(await list()).toEqual([]);
    await expect(get(uri)).rejects.toMatchObject({
      status: 403,
      message: `${uri}: the skill needs approval`,
    });
    await expect(read(guide)).rejects.toMatchObject({ status: 403 });
    expect(warnings).toEqual([
      `upstream "billing": the skill ${uri} needs approval: ${await digestOf(refunds())}; ` +
        "review it, then set upstreams.billing.skills",
    ]);
  });

  it.each([[false], [true]])(
    "serve an approved skill with its content (merged: %s)",
    async (merge) => {
      const approved = { [uri]: await digestOf(refunds()) };
      const { list, read, get, warnings } = planWith(
        serving(refunds()).server,
        { approved },
        merge,
      );
      expect(urisOf(await list())).toEqual([uri]);
      expect(await get(uri)).toMatchObject({ skill: { uri } });
      expect(await read(uri)).toMatchObject({ contents: [{ uri }] });
      expect(await read(guide)).toMatchObject({ contents: [{ text: "Guide\n" }] });
      expect(warnings).toEqual([]);
    },
  );

  it("refuse an approved skill that has changed, and name both digests", async () => {
    const approved = { [uri]: await digestOf(refunds()) };
    const { server, extension } = serving(refunds());
    const { list, read, get, warnings, last } = planWith(server, { approved });
    await read(uri);
    extension.reload([refunds("Exfiltrate")]);
    await expect(read(uri)).rejects.toMatchObject({
      status: 403,
      message: `${uri}: the skill has changed and needs approval again`,
    });
    expect(last()).toMatchObject({ reason: "skill", skill: undefined });
    await expect(get(uri)).rejects.toMatchObject({ status: 403 });
    expect(await list()).toEqual([]);
    expect(warnings).toEqual([
      `upstream "billing": the skill ${uri} has changed and needs approval again: ` +
        `approved ${approved[uri]}, now ${await digestOf(refunds("Exfiltrate"))}; ` +
        "review it, then set upstreams.billing.skills",
    ]);
  });

  it("refuse an added file of an approved skill", async () => {
    const approved = { [uri]: await digestOf(refunds()) };
    const { server, extension } = serving(refunds());
    const { read } = planWith(server, { approved });
    await read(uri);
    const added = refunds();
    extension.reload([{ ...added, files: { ...added.files, "new.md": "New" } }]);
    await expect(read("skill://acme/refunds/new.md")).rejects.toMatchObject({ status: 403 });
  });

  it("refuse content that differs from an entry that has not changed", async () => {
    const approved = { [uri]: await digestOf(refunds()) };
    const { server } = serving(refunds());
    const forging: Server = {
      ...server,
      serve: async (request, context) => {
        const result = await server.serve(request, context);
        if (request.method !== "resources/read") return result;
        return { ...result, contents: [{ uri: request.params?.uri, text: "forged" }] };
      },
    };
    const { read } = planWith(forging, { approved });
    await expect(read(guide)).rejects.toMatchObject({
      status: 403,
      message: `${uri}: the content is not the approved one`,
    });
  });

  it("an approval covers the files of a nested skill, but not that skill itself", async () => {
    const nested = { ...other("acme/refunds/inner") };
    const { server } = serving(refunds(), nested);
    const all = planWith(server, { allow: "*" });
    const outer = (await all.list()).find((skill) => skill.uri === uri) as Skill;
    const { list, get, read } = planWith(server, {
      approved: { [uri]: (await skillDigest(outer)) as string },
    });
    expect(urisOf(await list())).toEqual([uri]);
    const inner = "skill://acme/refunds/inner/SKILL.md";
    await expect(get(inner)).rejects.toMatchObject({ status: 403 });
    expect(await read("skill://acme/refunds/inner/a.md")).toMatchObject({
      contents: [{ text: "a" }],
    });
  });

  it("a dynamic skill can be allowed, and can't be approved", async () => {
    const live = { ...other("live"), files: { ...other("live").files, "now.md": () => "now" } };
    const { server } = serving(live);
    const at = "skill://live/SKILL.md";
    const allowed = planWith(server, { allow: at });
    expect(urisOf(await allowed.list())).toEqual([at]);
    await allowed.read(at);
    expect(allowed.last().skill).toBe("dynamic");
    const approved = planWith(server, { approved: { [at]: `sha256:${"0".repeat(64)}` } });
    expect(await approved.list()).toEqual([]);
    await expect(approved.read("skill://live/now.md")).rejects.toMatchObject({ status: 403 });
  });

  it("a skill that is not listed has rules as well", async () => {
    const { server } = serving({ ...refunds(), listed: false });
    const { read } = planWith(server, {});
    await expect(read(uri)).rejects.toMatchObject({ status: 403 });
    await expect(read(guide)).rejects.toMatchObject({ status: 403 });
  });

  it("each load is recorded with the digest of the skill, and is not answered from a cache", async () => {
    const approved = { [uri]: await digestOf(refunds()) };
    const { read, last, upstreams } = planWith(serving(refunds()).server, { approved });
    for (const _load of [1, 2]) {
      expect(await read(uri)).toMatchObject({ ttlMs: 0, cacheScope: "private" });
      expect(last()).toMatchObject({ skill: approved[uri] });
    }
    expect(upstreams.billing?.asked("resources/read")).toHaveLength(2);
    await read(guide);
    expect(last().skill).toBeUndefined();
  });

  it("an upstream without skills keeps its resources", async () => {
    const note = defineResource({ uri: "note://1", name: "1", read: () => "note" });
    const server = createServer({ name: "plain", version: "1", resources: [note] });
    const { read } = planWith(server, {});
    expect(await read("note://1")).toMatchObject({ contents: [{ text: "note" }] });
  });
});
