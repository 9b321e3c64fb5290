import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { defaultBase, faultOf, titlesSince } from "./commit-titles.ts";

it.each([
  "fix(client): keep Mcp-Param headers on a resend",
  "docs: describe the release",
  "feat(gateway/routes)!: drop a key",
  `fix: ${"x".repeat(67)}`,
])("accepts the title %s", (title) => {
  expect(faultOf(title)).toBeUndefined();
});

it.each([
  ["Keep headers", 'expected "type(folder): change"'],
  ["improve: headers", 'expected "type(folder): change"'],
  [`fix: ${"x".repeat(68)}`, "expected at most 72 characters, got 73"],
  ["fix(tasks): a step fails its task", "expected a verb in the imperative"],
  ["docs: what a server says", "expected a verb in the imperative"],
  ["fix: keep headers.", "expected no full stop"],
])("rejects the title %s", (title, fault) => {
  expect(faultOf(title)).toContain(fault);
});

it("reads the titles after a base commit, and the last one where the base is unknown", () => {
  const folder = mkdtempSync(join(tmpdir(), "lutra-titles-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, encoding: "utf8" });
  const commit = (title: string) => {
    const author = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    git(...author, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", title);
    return git("rev-parse", "HEAD").trim();
  };
  git("init", "--quiet", "--initial-branch=main");
  const base = commit("one");
  commit("two");
  commit("three");
  expect(titlesSince(base, folder)).toEqual(["three", "two"]);
  expect(titlesSince("0".repeat(40), folder)).toEqual(["three"]);
  expect(defaultBase(folder)).toMatch(/^[0-9a-f]{40}$/);
  git("switch", "--quiet", "--create", "topic");
  commit("four");
  expect(titlesSince(defaultBase(folder), folder)).toEqual(["four"]);
});
