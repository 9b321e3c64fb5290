import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createServer } from "../../../server/create-server.ts";
import { defineResource } from "../../../server/resources.ts";
import { createSealer, randomKeys } from "../../../server/seal.ts";
import { connect } from "../../../testing/connect.ts";
import { recordNotifications } from "../../../testing/record-notifications.ts";
import { skillAt, skillServer, skillText } from "../fixtures/skill-server.ts";
import { skills } from "../node.ts";
import { skillsRevision } from "../protocol.ts";

const unknown = { code: -32602 };
const pdf = skillAt("pdf-processing", {
  "references/FORMS.md": "# Forms\n",
  "templates/regional/eu.md": "EU\n",
  "logo.png": new Uint8Array([137, 80, 78, 71, 0, 255]),
});

const sha256 = (content: string | Uint8Array) =>
  `sha256:${createHash("sha256").update(content).digest("hex")}`;

describe("ext-skills/skills#capability-negotiation", () => {
  it("a server that declares the extension MUST also declare resources, and declares directoryRead", async () => {
    const { ask } = skillServer([pdf]);
    expect((await ask("server/discover")).capabilities).toMatchObject({
      resources: { listChanged: true },
      extensions: { "io.modelcontextprotocol/skills": { directoryRead: true } },
    });
  });

  it("the methods are served to clients that did not declare the extension", async () => {
    const { ask } = skillServer([pdf]);
    expect(await ask("skills/list")).toMatchObject({ resultType: "complete" });
  });

  it("a server without the extension has none of its methods", async () => {
    const server = createServer({ name: "x", version: "1", resources: [] });
    const { ask } = skillServer([pdf], { extensions: [] });
    await expect(ask("skills/list")).rejects.toMatchObject({ code: -32601 });
    expect(server.info.name).toBe("x");
  });

  it("the extension names its stage and the revision that it implements", () => {
    const extension = skills({ from: [pdf] });
    expect(extension).toMatchObject({ stage: "beta", revision: skillsRevision });
    expect(skillsRevision).toMatch(/^[\da-f]{40}$/);
  });
});

describe("ext-skills/skills#skill-format", () => {
  it.each([
    ["no frontmatter", "# Title\n", /expected YAML between two lines of ---/],
    ["no name", "---\ndescription: x\n---\n", /frontmatter\.name/],
    ["no description", "---\nname: a\n---\n", /frontmatter\.description/],
    ["the name of another directory", skillText("b"), /expected the name of the directory, a/],
    ["an invalid name", skillText("A--b"), /lower-case letters/],
    ["a list as frontmatter", "---\n- a\n---\n", /expected fields/],
    ["invalid YAML", "---\nname: [a\n---\n", /SKILL\.md: frontmatter/],
    ["a value that JSON lacks", skillText("a", "x", "limit: .inf\n"), /expected a JSON value/],
  ])("MUST NOT serve a skill with %s", (_what, text, message) => {
    expect(() => skills({ from: [skillAt("a", {}, text)] })).toThrow(message);
    expect(() => skills({ from: [skillAt("a", {}, text)] })).toThrow(TypeError);
  });

  it("MUST NOT serve a skill without a SKILL.md", () => {
    const from = [{ path: "a", files: { "README.md": "x" } }];
    expect(() => skills({ from })).toThrow("skill a: files: expected SKILL.md");
  });

  it.each([
    ["../escape.md"],
    ["a/../../escape.md"],
    ["/etc/passwd"],
    ["a\\b.md"],
    ["C:/windows.md"],
    ["a//b.md"],
    ["./a.md"],
    ["nul.txt"],
    ["a\0b"],
    ["ends."],
    [`${"d/".repeat(17)}x.md`],
    ["x".repeat(1100)],
  ])("refuses the path %j", (path) => {
    expect(() => skills({ from: [skillAt("a", { [path]: "x" })] })).toThrow(TypeError);
  });

  it.each([["../a"], ["a/../b"], ["/a"], ["a\\a"], [""]])("refuses a skill at %j", (path) => {
    expect(() => skills({ from: [skillAt(path, {}, skillText("a"))] })).toThrow(TypeError);
  });

  it("refuses an unknown option, content and definition, and a skill that is defined twice", () => {
    expect(() => skills({ from: [pdf], form: 1 } as never)).toThrow("skills: form: unknown option");
    expect(() => skills({ from: [skillAt("a", { x: 1 as never })] })).toThrow(
      /expected text, bytes/,
    );
    expect(() => skills({ from: [{ ...pdf, scope: 1 } as never] })).toThrow("unknown option");
    expect(() => skills({ from: [pdf, pdf] })).toThrow("skill pdf-processing: defined twice");
    expect(() => skills({ from: 1 as never })).toThrow("skills: expected an array");
  });
});

describe("ext-skills/skills#skill-entries", () => {
  it("frontmatter MUST be identical to that of SKILL.md, with every field", async () => {
    const fields =
      'license: MIT\nmetadata:\n  version: "2.1.0"\n  tags: [a, b]\nx-date: 2026-01-02\n';
    const { list } = skillServer([skillAt("a", {}, skillText("a", "Body", fields))]);
    expect((await list())[0]?.frontmatter).toEqual({
      name: "a",
      description: "About a",
      license: "MIT",
      metadata: { version: "2.1.0", tags: ["a", "b"] },
      "x-date": "2026-01-02",
    });
  });

  it("resources MUST be complete, with SKILL.md, and carry digest and size of the raw bytes", async () => {
    const { list } = skillServer([pdf]);
    const [skill] = await list();
    const root = "skill://pdf-processing";
    const files = Object.entries(pdf.files).map(([path, content]) => ({
      uri: `${root}/${path}`,
      digest: sha256(content as string),
      size: Buffer.from(content as string).length,
    }));
    expect(skill).toMatchObject({ uri: `${root}/SKILL.md` });
    expect(skill?.resources).toEqual(files);
  });

  it("the last segment of the path MUST be the name, below any prefix", async () => {
    const { list } = skillServer([skillAt("acme/billing/refunds")]);
    expect(await list()).toMatchObject([
      { uri: "skill://acme/billing/refunds/SKILL.md", frontmatter: { name: "refunds" } },
    ]);
  });

  it("completeness MUST extend to nested skills, which have an entry of their own", async () => {
    const { list } = skillServer([skillAt("outer"), skillAt("outer/inner", { "a.md": "a" })]);
    const [outer, inner] = await list();
    expect(outer?.resources).toMatchObject([
      { uri: "skill://outer/SKILL.md" },
      { uri: "skill://outer/inner/SKILL.md" },
      { uri: "skill://outer/inner/a.md" },
    ]);
    expect(inner?.resources).toMatchObject([
      { uri: "skill://outer/inner/SKILL.md" },
      { uri: "skill://outer/inner/a.md" },
    ]);
  });

  it("a skill with generated content MUST be dynamic, and so is a skill around it", async () => {
    const { list, ask } = skillServer([
      skillAt("reports"),
      skillAt("reports/daily", { "today.md": async () => "Sunny\n" }),
    ]);
    expect(await list()).toMatchObject([{ resources: "dynamic" }, { resources: "dynamic" }]);
    const uri = "skill://reports/daily/today.md";
    expect(await ask("resources/read", { uri })).toMatchObject({
      contents: [{ uri, text: "Sunny\n" }],
      ttlMs: 0,
    });
  });

  it("a generated SKILL.md needs frontmatter, and MUST have it in each read", async () => {
    const errors: unknown[] = [];
    let text = skillText("live");
    const live = { path: "live", files: { "SKILL.md": () => text } };
    expect(() => skills({ from: [live] })).toThrow("skill live: expected frontmatter");
    const frontmatter = { name: "live", description: "About live" };
    const onError = (error: unknown) => errors.push(error);
    const { ask } = skillServer([{ ...live, frontmatter }], { onError });
    const uri = "skill://live/SKILL.md";
    expect(await ask("resources/read", { uri })).toMatchObject({ contents: [{ text }] });
    text = text.replace("About", "Ignore everything about");
    await expect(ask("resources/read", { uri })).rejects.toMatchObject({ code: -32603 });
    expect(String(errors[0])).toContain("expected the frontmatter of the definition");
  });

  it.each([
    [
      "more than 512 files",
      Object.fromEntries(Array.from({ length: 512 }, (_, n) => [`${n}`, "x"])),
    ],
    ["more than 16 MiB", { "large.bin": new Uint8Array(16_777_216) }],
  ])("SHOULD NOT serve a skill with %s", (_what, files) => {
    expect(() => skills({ from: [skillAt("a", files)] })).toThrow(
      /expected at most \d+ (?:files|bytes)/,
    );
  });
});

describe("ext-skills/skills#resource-metadata", () => {
  it("SKILL.md SHOULD have the MIME type, name and description of its skill", async () => {
    const { ask } = skillServer([pdf]);
    const { resources } = await ask("resources/list");
    expect(resources).toMatchObject([
      {
        uri: "skill://pdf-processing/SKILL.md",
        mimeType: "text/markdown",
        name: "pdf-processing",
        description: "About pdf-processing",
        size: Buffer.byteLength(pdf.files["SKILL.md"] as string),
      },
      { name: "FORMS.md", mimeType: "text/markdown" },
      { name: "eu.md" },
      { name: "logo.png", mimeType: "image/png", size: 6 },
    ]);
  });

  it("characters of paths are percent-encoded, and any spelling of the URI is read", async () => {
    const { ask, list } = skillServer([skillAt("a", { "my notes/Über.md": "Hi" })]);
    const uri = "skill://a/my%20notes/%C3%9Cber.md";
    expect((await list())[0]?.resources).toMatchObject([{}, { uri }]);
    const spelled = "skill://a/my%20notes/%c3%9cber%2Emd";
    expect(await ask("resources/read", { uri: spelled })).toMatchObject({
      contents: [{ text: "Hi" }],
    });
  });
});

describe("ext-skills/skills#reading-skill-content", () => {
  it("text and bytes arrive as they are in the file, also with a byte order mark", async () => {
    const text = `\uFEFFa\r\nb`;
    const bytes = new Uint8Array([0, 1, 2, 255]);
    const { ask } = skillServer([skillAt("a", { "bom.md": text, "raw.bin": bytes })]);
    expect(await ask("resources/read", { uri: "skill://a/bom.md" })).toMatchObject({
      contents: [{ text, mimeType: "text/markdown" }],
    });
    expect(await ask("resources/read", { uri: "skill://a/raw.bin" })).toMatchObject({
      contents: [{ blob: "AAEC/w==", mimeType: "application/octet-stream" }],
    });
  });

  it.each([
    ["skill://pdf-processing/missing.md"],
    ["skill://pdf-processing"],
    ["skill://pdf-processing/../pdf-processing/SKILL.md"],
    ["skill://pdf-processing/%2e%2e/pdf-processing/SKILL.md"],
    ["skill://pdf-processing/references%2FFORMS.md"],
    ["skill://pdf-processing/references%5CFORMS.md"],
    ["skill://pdf-processing/references\\FORMS.md"],
    ["skill://pdf-processing//SKILL.md"],
    ["skill://pdf-processing/SKILL.md%00"],
    ["file:///etc/passwd"],
  ])("MUST return -32602 for %s", async (uri) => {
    const { ask } = skillServer([pdf]);
    await expect(ask("resources/read", { uri })).rejects.toMatchObject(unknown);
  });
});

describe("ext-skills/skills#listing-skills", () => {
  it("resultType MUST be complete, and the freshness is that of the options", async () => {
    const cache = { ttlMs: 1000, cacheScope: "private" } as const;
    const { ask } = skillServer([pdf], { cache });
    expect(await ask("skills/list")).toMatchObject({ resultType: "complete", ...cache });
    const uri = "skill://pdf-processing/SKILL.md";
    expect(await ask("skills/get", { uri })).toMatchObject({ resultType: "complete", ...cache });
    expect(await ask("resources/read", { uri })).toMatchObject(cache);
    expect(await skillServer([pdf]).ask("skills/list")).toMatchObject({
      ttlMs: 300_000,
      cacheScope: "public",
    });
  });

  it("pages have whole entries, and their cursors work on every replica", async () => {
    const keys = randomKeys();
    const from = ["a", "b", "c"].map((name) => skillAt(name));
    const servers = [0, 1].map(() => skillServer(from, { pageSize: 2, keys }));
    const first = await servers[0]?.ask("skills/list");
    const cursor = first?.nextCursor;
    expect(first?.skills).toHaveLength(2);
    const second = await servers[1]?.ask("skills/list", { cursor });
    expect(second).toMatchObject({ skills: [{ uri: "skill://c/SKILL.md" }] });
    expect(second).not.toHaveProperty("nextCursor");
    await expect(servers[1]?.ask("skills/list", { cursor: "x" })).rejects.toMatchObject(unknown);
    await expect(servers[1]?.ask("resources/list", { cursor })).rejects.toMatchObject(unknown);
  });

  it("cursors are sealed with the keys that replicas share, also after a list was read", async () => {
    const from = ["a", "b"].map((name) => skillAt(name));
    const { server, ask } = skillServer(from, { pageSize: 1 });
    await ask("skills/list");
    const keys = randomKeys();
    server.share({ keys });
    const { nextCursor } = await ask("skills/list");
    const opened = await createSealer(keys).open(nextCursor as string, "cursor\nskills");
    expect(opened).toEqual({ after: "skill://a/SKILL.md", index: 1 });
  });

  it("an unlisted skill is not in the list, and MUST still be answered by skills/get", async () => {
    const { ask, list } = skillServer([{ ...skillAt("hidden"), listed: false }]);
    expect(await list()).toEqual([]);
    const uri = "skill://hidden/SKILL.md";
    expect(await ask("skills/get", { uri })).toMatchObject({ skill: { uri } });
  });
});

describe("ext-skills/skills#getting-a-skill", () => {
  it("the entry is that of the list, without a cursor", async () => {
    const { ask, list } = skillServer([pdf]);
    const [listed] = await list();
    const result = await ask("skills/get", { uri: listed?.uri });
    expect(result.skill).toEqual(listed);
    expect(result).not.toHaveProperty("nextCursor");
  });

  it.each([
    ["skill://unknown/SKILL.md"],
    ["skill://pdf-processing"],
    ["skill://pdf-processing/references/FORMS.md"],
    ["skill://pdf-processing/references/../SKILL.md"],
  ])("MUST return -32602 for %s", async (uri) => {
    const { ask } = skillServer([pdf]);
    await expect(ask("skills/get", { uri })).rejects.toMatchObject({
      ...unknown,
      message: `No skill is served at ${uri}`,
    });
  });

  it("MUST return -32602 without a URI", async () => {
    const { ask } = skillServer([pdf]);
    await expect(ask("skills/get")).rejects.toMatchObject(unknown);
  });
});

describe("ext-skills/skills#reading-directories", () => {
  it("the result contains every direct child, and directories have the type inode/directory", async () => {
    const { ask } = skillServer([pdf]);
    const read = (uri: string) => ask("resources/directory/read", { uri });
    const root = await read("skill://pdf-processing");
    expect(root).toMatchObject({ resultType: "complete" });
    expect(root.resources).toMatchObject([
      { uri: "skill://pdf-processing/SKILL.md", mimeType: "text/markdown" },
      { uri: "skill://pdf-processing/references", name: "references", mimeType: "inode/directory" },
      { uri: "skill://pdf-processing/templates", mimeType: "inode/directory" },
      { uri: "skill://pdf-processing/logo.png" },
    ]);
    expect(await read("skill://pdf-processing/templates")).toMatchObject({
      resources: [{ uri: "skill://pdf-processing/templates/regional" }],
    });
  });

  it("prefixes of skills are directories, too", async () => {
    const { ask } = skillServer([skillAt("acme/a"), skillAt("acme/b")]);
    const { resources } = await ask("resources/directory/read", { uri: "skill://acme" });
    expect(resources).toMatchObject([{ uri: "skill://acme/a" }, { uri: "skill://acme/b" }]);
  });

  it.each([
    ["a file", { uri: "skill://pdf-processing/SKILL.md" }],
    ["an unknown directory", { uri: "skill://pdf-processing/none" }],
    ["a slash at the end", { uri: "skill://pdf-processing/" }],
    ["a path that leaves the skill", { uri: "skill://pdf-processing/references/.." }],
    ["a cursor that was never sent", { uri: "skill://pdf-processing", cursor: "x" }],
  ])("MUST return -32602 for %s", async (_what, params) => {
    const { ask } = skillServer([pdf]);
    await expect(ask("resources/directory/read", params)).rejects.toMatchObject(unknown);
  });
});

describe("changes", () => {
  const filter = { resourcesListChanged: true, resourceSubscriptions: ["skill://a/notes.md"] };

  it("reload replaces the skills, and notifies of the list and of changed files", async () => {
    const { server, extension, list } = skillServer([skillAt("a", { "notes.md": "1" })]);
    const record = recordNotifications();
    const client = connect(server, { middleware: [record.middleware] });
    await client.listen(filter);
    const [before] = await list();
    extension.reload([skillAt("a", { "notes.md": "2" }), skillAt("b")]);
    await record.next("notifications/resources/list_changed");
    expect(await record.next("notifications/resources/updated")).toMatchObject({
      params: { uri: "skill://a/notes.md" },
    });
    const after = await list();
    expect(after.map(({ uri }) => uri)).toEqual(["skill://a/SKILL.md", "skill://b/SKILL.md"]);
    expect(after[0]?.resources).not.toEqual(before?.resources);
    await client.close();
  });

  it("reload of equal skills changes nothing, and invalid skills leave those before", async () => {
    const { extension, list } = skillServer([skillAt("a")]);
    extension.reload([skillAt("a")]);
    expect(() => extension.reload([skillAt("a", {}, "no skill")])).toThrow(TypeError);
    expect(await list()).toMatchObject([{ uri: "skill://a/SKILL.md" }]);
  });

  it("replacing and removing the server's own resources keeps the files of skills", async () => {
    const own = defineResource({ uri: "note://1", name: "1", read: () => "x" });
    const { server, ask } = skillServer([skillAt("a")], { resources: [own] });
    server.resources.replace([]);
    expect(server.resources.remove("skill://a/SKILL.md")).toBe(0);
    const { resources } = await ask("resources/list");
    expect(resources).toMatchObject([{ uri: "skill://a/SKILL.md" }]);
    expect(() => server.resources.add({ ...own, uri: "skill://a/SKILL.md" })).toThrow(
      "declared twice",
    );
  });

  it("the array that a file was created from can change without an effect", async () => {
    const bytes = new Uint8Array([1, 2, 255]);
    const { ask, list } = skillServer([skillAt("a", { "x.bin": bytes })]);
    bytes.fill(0);
    expect((await list())[0]?.resources[1]).toMatchObject({
      digest: sha256(new Uint8Array([1, 2, 255])),
    });
    const uri = "skill://a/x.bin";
    expect(await ask("resources/read", { uri })).toMatchObject({ contents: [{ blob: "AQL/" }] });
  });
});
