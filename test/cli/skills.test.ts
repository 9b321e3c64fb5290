/** `lutra skills`: its output, its downloads and its exit codes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { runLutra } from "./run-lutra.ts";

const everything = fileURLToPath(new URL("../../examples/everything/server.ts", import.meta.url));
const uri = "skill://pack-a-rucksack/SKILL.md";

async function lutra(...words: string[]) {
  const { child, stdout, stderr, exited, closed } = runLutra(...words);
  child.stdin?.end();
  await closed;
  return { code: await exited, stdout: stdout.join("\n"), stderr: stderr.join("\n") };
}

it("lists the skills with the digests that approve them", { timeout: 180_000 }, async () => {
  const { code, stdout } = await lutra("skills", everything, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    skills: [
      { uri, server: expect.any(String), digest: expect.stringMatching(/^sha256:[\da-f]{64}$/) },
      { uri: "skill://pack-a-rucksack/first-aid/SKILL.md" },
    ],
  });
  const text = await lutra("skills", everything);
  expect(text.stdout).toContain("Packs a rucksack for a walk");
});

it("prints a skill, and downloads its files", { timeout: 180_000 }, async () => {
  const to = mkdtempSync(join(tmpdir(), "lutra-skills-"));
  onTestFinished(() => rmSync(to, { recursive: true }));
  const printed = await lutra("skills", everything, uri);
  expect(printed).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("# Packing a rucksack"),
  });
  const { code, stdout } = await lutra("skills", everything, uri, "--to", to);
  expect(code).toBe(0);
  expect(readFileSync(join(stdout.trim(), "templates/regional/alps.md"), "utf8")).toContain("Alps");
});

it("ends with 4 for an unknown skill, and with 5 for a server without skills", {
  timeout: 180_000,
}, async () => {
  const unknown = await lutra("skills", everything, "skill://none/SKILL.md");
  expect(unknown).toMatchObject({
    code: 4,
    stderr: expect.stringContaining("No skill is served at"),
  });
  const none = await lutra("skills", "client-server.ts");
  expect(none).toMatchObject({ code: 5, stderr: expect.stringContaining("does not serve skills") });
  expect(await lutra("skills", "client-server.ts", "--to", "x")).toMatchObject({ code: 2 });
});
