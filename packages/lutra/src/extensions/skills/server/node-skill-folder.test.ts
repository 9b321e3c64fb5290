import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { skillServer, skillText } from "../fixtures/skill-server.ts";
import { skills } from "../index.ts";
import { readFolder } from "./node-skill-folder.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lutra-skills-"));
});

afterEach(() => rm(folder, { recursive: true }));

async function write(path: string, content: string | Uint8Array): Promise<string> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

describe("ext-skills/skills#skill-format", () => {
  it("each directory with a SKILL.md is a skill, at any depth, and other files are not served", async () => {
    await write("README.md", "not served");
    await write("one/SKILL.md", skillText("one"));
    await write("one/scripts/run.sh", "echo 1\n");
    await write("acme/two/SKILL.md", skillText("two"));
    await write("one/inside/SKILL.md", skillText("inside"));
    const { list, ask } = skillServer(folder);
    expect((await list()).map(({ uri }) => uri)).toEqual([
      "skill://acme/two/SKILL.md",
      "skill://one/SKILL.md",
      "skill://one/inside/SKILL.md",
    ]);
    const { resources } = await ask("resources/list");
    expect((resources as { uri: string }[]).map(({ uri }) => uri)).toEqual([
      "skill://acme/two/SKILL.md",
      "skill://one/SKILL.md",
      "skill://one/inside/SKILL.md",
      "skill://one/scripts/run.sh",
    ]);
  });

  it("a folder that is a skill is one, and a URL names a folder", async () => {
    await write("solo/SKILL.md", skillText("solo"));
    const { list } = skillServer(pathToFileURL(join(folder, "solo")));
    expect(await list()).toMatchObject([{ uri: "skill://solo/SKILL.md" }]);
  });

  it("the files are those of the manifest, even after the folder has changed", async () => {
    const file = await write("a/SKILL.md", skillText("a", "before"));
    const { ask, extension } = skillServer(folder);
    const read = () => ask("resources/read", { uri: "skill://a/SKILL.md" });
    await writeFile(file, skillText("a", "after"));
    expect(await read()).toMatchObject({ contents: [{ text: skillText("a", "before") }] });
    extension.reload();
    expect(await read()).toMatchObject({ contents: [{ text: skillText("a", "after") }] });
  });

  it("names that begin with a dot are left out", async () => {
    await write("a/SKILL.md", skillText("a"));
    await write("a/.env", "SECRET=1");
    await write(".git/SKILL.md", skillText("git"));
    expect([...readFolder(folder).files.keys()]).toEqual(["a/SKILL.md"]);
  });
});

describe("a folder that is not served", () => {
  it.skipIf(process.platform === "win32")("has a symbolic link to a file", async () => {
    const secret = await write("secret.txt", "secret");
    await write("a/SKILL.md", skillText("a"));
    await symlink(secret, join(folder, "a/notes.md"));
    expect(() => readFolder(folder)).toThrow(/a\/notes\.md: symbolic links are not followed/);
  });

  it.skipIf(process.platform === "win32")("has a symbolic link to a directory", async () => {
    await write("a/SKILL.md", skillText("a"));
    await mkdir(join(folder, "outside"));
    await symlink(join(folder, "outside"), join(folder, "a/references"));
    expect(() => readFolder(folder)).toThrow(/a\/references: symbolic links are not followed/);
  });

  it.skipIf(process.platform === "win32")("has a pipe, which is not waited for", async () => {
    await write("a/SKILL.md", skillText("a"));
    execFileSync("mkfifo", [join(folder, "a/pipe")]);
    expect(() => readFolder(folder)).toThrow(/a\/pipe: expected a file or a directory/);
  });

  it.skipIf(process.platform === "win32").each([["b\\c.md"], ["nul.md"], ["what?.md"], ["end."]])(
    "has the file name %j, which other systems read differently",
    async (name) => {
      await write("a/SKILL.md", skillText("a"));
      await writeFile(join(folder, "a", name), "x");
      expect(() => readFolder(folder)).toThrow(/expected no/);
    },
  );

  it("is too deep", async () => {
    await write("a/SKILL.md", skillText("a"));
    await write(`a/${"d/".repeat(16)}x.md`, "x");
    expect(() => readFolder(folder)).toThrow("expected at most 16 directories");
  });

  it("has a file that is too large, which is not read", async () => {
    await write("a/SKILL.md", skillText("a"));
    await truncate(await write("a/large.bin", ""), 1_000_000_000_000);
    expect(() => readFolder(folder)).toThrow(/large\.bin: expected at most 16777216 bytes/);
  });

  it("does not exist, is a file, or has no skill", async () => {
    expect(() => readFolder(join(folder, "none"))).toThrow(/expected a folder, got .*none/);
    const file = await write("file.md", "x");
    expect(() => readFolder(file)).toThrow("expected a folder");
    expect(() => readFolder(folder)).toThrow("expected directories with SKILL.md in");
  });

  it("is read on a platform without a file system", () => {
    expect(() => skills({ from: folder })).toThrow("folders need Node, Deno or Bun");
  });
});
