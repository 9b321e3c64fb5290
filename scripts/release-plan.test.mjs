import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planRelease, released, sectionOf } from "./release-plan.mjs";
import { root } from "./steps.mjs";

const date = "2026-12-01";
let clone;

beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), "lutra-release-"));
  execFileSync("git", ["clone", "--quiet", "--depth=1", `file://${root}`, clone]);
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

const release = (...args) =>
  spawnSync(process.execPath, [join(clone, "scripts/release.mjs"), ...args], { encoding: "utf8" });

describe("a release of a clone", () => {
  it("gives all packages and their inner dependencies the new version", () => {
    const files = planRelease(clone, "7.0.0", date);
    const gateway = JSON.parse(files.get("packages/gateway/package.json"));
    const cli = JSON.parse(files.get("packages/cli/package.json"));
    expect([gateway.version, gateway.dependencies.lutra]).toEqual(["7.0.0", "7.0.0"]);
    expect(cli.dependencies["@lutra/stores"]).toBe("7.0.0");
    expect(cli.peerDependencies["@lutra/gateway"]).toBe("7.0.0");
    const template = JSON.parse(files.get("packages/create-lutra/template/base/package.json"));
    expect(template.dependencies).toMatchObject({ lutra: "^7.0.0", "@lutra/cli": "^7.0.0" });
    expect(template.version).toBe("0.1.0");
    const { packages } = JSON.parse(files.get("package-lock.json"));
    expect(packages["packages/cli"]).toMatchObject({
      version: "7.0.0",
      dependencies: { lutra: "7.0.0" },
    });
    const { dependencies } = JSON.parse(
      readFileSync(join(clone, "packages/cli/package.json"), "utf8"),
    );
    expect(cli.dependencies["oxc-transform"]).toBe(dependencies["oxc-transform"]);
  });

  it("changes only versions in the lock file", () => {
    const lines = (text) => text.split("\n");
    const before = lines(readFileSync(join(clone, "package-lock.json"), "utf8"));
    const after = lines(planRelease(clone, "7.0.0", date).get("package-lock.json"));
    expect(after).toHaveLength(before.length);
    const changed = after.filter((line, index) => line !== before[index]);
    expect(changed.filter((line) => !line.includes('"7.0.0"'))).toEqual([]);
  });

  it("prints the plan and changes nothing in a dry run", () => {
    const { status, stdout } = release("7.0.0", "--plan");
    expect([status, stdout.includes("## 7.0.0 - ")]).toEqual([0, true]);
    const args = ["status", "--porcelain"];
    expect(execFileSync("git", args, { cwd: clone, encoding: "utf8" })).toBe("");
  });

  it.each([
    ["", "expected a version such as 1.2.3"],
    ["1.x", "expected a version such as 1.2.3"],
    ["0.0.1", "expected a version above"],
  ])("rejects the version %j", (version, message) => {
    const { status, stderr } = release(version, "--plan");
    expect([status, stderr]).toEqual([1, expect.stringContaining(message)]);
  });

  it("rejects a tag that exists", () => {
    execFileSync("git", ["tag", "v8.0.0"], { cwd: clone });
    expect(release("8.0.0", "--plan").stderr).toContain("the tag v8.0.0 exists");
  });

  it("rejects a tree with changes", () => {
    writeFileSync(join(clone, "new.txt"), "");
    expect(release("7.0.0", "--plan").stderr).toContain("expected a tree without changes");
  });
});

describe("the changelog", () => {
  const changelog =
    "# Changelog\n\n## Unreleased\n\n### Added\n\n- a\n\n## 0.1.0 - 2026-01-01\n\n- b\n";

  it("moves what is unreleased under the version", () => {
    const text = released(changelog, "0.2.0", date);
    expect(text).toBe(
      "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-12-01\n\n### Added\n\n- a\n\n## 0.1.0 - 2026-01-01\n\n- b\n",
    );
    expect(sectionOf(text, "0.2.0")).toBe("## 0.2.0 - 2026-12-01\n\n### Added\n\n- a");
    expect(sectionOf(text, "0.1.0")).toBe("## 0.1.0 - 2026-01-01\n\n- b");
  });

  it.each([
    ["# Changelog\n", "expected a section ## Unreleased"],
    ["## Unreleased\n\n## 0.1.0\n\n- b\n", "expected at least one entry"],
  ])("rejects %j", (text, message) => {
    expect(() => released(text, "0.2.0", date)).toThrow(message);
  });
});
