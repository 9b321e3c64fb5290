import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "../../../testing/connect.ts";
import { skillAt, skillServer, skillText } from "../fixtures/skill-server.ts";
import { readSkills } from "../node.ts";
import { decodeFolderName, encodeFolderName } from "./folder-name.ts";
import type { SkillContents } from "./load-skill.ts";
import { writeSkill } from "./node-write-skill.ts";

const refunds = skillAt("acme/refunds", { "scripts/run.sh": "echo 1\n" });
const uri = "skill://acme/refunds/SKILL.md";
let to: string;

beforeEach(async () => {
  to = await mkdtemp(join(tmpdir(), "lutra-download-"));
});

afterEach(() => rm(to, { recursive: true }));

const clientOf = (label: string, from = [refunds]) =>
  connect(skillServer(from).server, { extensions: [readSkills({ label })] });

function contents(path: string): SkillContents {
  return { uri, path, mimeType: undefined, bytes: new Uint8Array(), text: () => "" };
}

const write = (paths: readonly string[], server = "s", at = uri) =>
  writeSkill(
    { uri: at, server, frontmatter: { name: "refunds", description: "x" }, resources: "dynamic" },
    new Map(paths.map((path) => [path, contents(path)])),
    to,
  );

describe("ext-skills/skills#skill-uris", () => {
  it("a folder MUST encode the server and the URI, so that equal URIs land at distinct paths", async () => {
    const first = await clientOf("https://a.example/mcp").skills.download(uri, { to });
    const second = await clientOf("https://b.example/mcp").skills.download(uri, { to });
    expect(first.folder).not.toBe(second.folder);
    const folder = first.folder as string;
    expect(decodeFolderName(basename(folder))).toBe("skill://acme/refunds");
    expect(decodeFolderName(basename(dirname(folder)))).toBe("https://a.example/mcp");
    expect(await readFile(join(folder, "SKILL.md"), "utf8")).toBe(skillText("refunds"));
  });

  it.each([[".."], ["."], ["../x"], ["a/b"], ["a\\b"], ["nul"], ["C:"], ["A"], ["end."], [".git"]])(
    "the label %j becomes the name of one folder, and is decoded again",
    (label) => {
      const name = encodeFolderName(label) as string;
      expect(name).toMatch(/^[\w%-][\w.%-]*$/);
      expect(name.endsWith(".")).toBe(false);
      expect(decodeFolderName(name)).toBe(label);
    },
  );

  it("labels that differ in case have names that differ in more", () => {
    const lower = (label: string) => encodeFolderName(label)?.toLowerCase();
    expect(lower("Docs")).not.toBe(lower("docs"));
  });
});

describe("a download to a folder", () => {
  it.skipIf(process.platform === "win32")(
    "MUST NOT be executable, and only the user may read it",
    async () => {
      const { folder } = await clientOf("docs").skills.download(uri, { to });
      const mode = async (path: string) => (await stat(join(folder as string, path))).mode & 0o777;
      expect(await mode("scripts/run.sh")).toBe(0o600);
      expect(await mode(".")).toBe(0o700);
    },
  );

  it("replaces an earlier one as a whole", async () => {
    const { folder } = await clientOf("docs").skills.download(uri, { to });
    await writeFile(join(folder as string, "left-over.md"), "x");
    const changed = [skillAt("acme/refunds", { "new.md": "New" })];
    const again = await clientOf("docs", changed).skills.download(uri, { to });
    expect(again.folder).toBe(folder);
    expect((await readdir(folder as string)).sort()).toEqual(["SKILL.md", "new.md"]);
    expect(await readdir(dirname(folder as string))).toHaveLength(1);
  });

  it("that fails leaves the earlier one, and nothing else", async () => {
    const folder = await write(["SKILL.md"]);
    await expect(write(["a", "A"])).rejects.toMatchObject({ reason: "path" });
    await expect(write([`${"x".repeat(300)}.md`])).rejects.toThrow();
    expect(await readdir(folder)).toEqual(["SKILL.md"]);
    expect(await readdir(dirname(folder))).toEqual([basename(folder)]);
  });

  it.each([
    [["a.md", "A.md"]],
    [["\u00e9.md", "e\u0301.md"]],
    [["a", "a/b.md"]],
    [["A/b.md", "a"]],
    [["s.md", "\u017f.md"]],
    [["\u03c3.md", "\u03c2.md"]],
    [["stra\u00dfe.md", "STRASSE.md"]],
  ])("refuses %j, which a file system may not tell apart", async (paths) => {
    await expect(write(paths)).rejects.toMatchObject({ reason: "path" });
    expect(await readdir(to)).toEqual([]);
  });

  it("refuses a label or a URI that is too long for a name", async () => {
    await expect(write(["SKILL.md"], "x".repeat(300))).rejects.toMatchObject({ reason: "path" });
  });

  it.skipIf(process.platform === "win32")(
    "does not follow a symbolic link in the place of a server's folder",
    async () => {
      const outside = await mkdtemp(join(tmpdir(), "lutra-outside-"));
      await symlink(outside, join(to, "s"));
      await expect(write(["SKILL.md"])).rejects.toMatchObject({ reason: "path" });
      expect(await readdir(outside)).toEqual([]);
      await rm(outside, { recursive: true });
    },
  );
});
