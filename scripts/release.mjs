/**
 * `npm run release -- <version> [--publish]`: releases all packages under one version.
 *
 * Without `--publish` it is a dry run: it checks the tree, prints what would change, builds, tests
 * the packed packages, writes their SBOMs and runs `npm publish --dry-run`, but writes, tags and
 * publishes nothing. `--plan` stops after the checks. With `--publish` it also commits the new
 * versions, tags the commit and publishes with provenance, for which npm needs to run in CI. The
 * commit and the tag are not pushed.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { published } from "./freshness.mjs";
import { planRelease, sectionOf } from "./release-plan.mjs";
import { node, npm, requireNode, requireStep, root, run } from "./steps.mjs";

requireNode();
const flags = process.argv.slice(2).filter((arg) => arg.startsWith("--"));
const [version = ""] = process.argv.slice(2).filter((arg) => !arg.startsWith("--"));
const isPublished = flags.includes("--publish");
const out = join(root, "node_modules/.cache/lutra/release");

try {
  requireCleanTree();
  const files = planRelease(root, version, new Date().toISOString().slice(0, 10));
  console.log(`lutra ${version}: ${[...files.keys()].join(", ")}\n`);
  console.log(`${sectionOf(files.get("CHANGELOG.md"), version)}\n`);
  if (!flags.includes("--plan")) await release(files);
} catch (error) {
  console.error(`release: ${error.message}`);
  process.exit(1);
}

async function release(files) {
  if (isPublished) for (const [path, text] of files) writeFileSync(join(root, path), text);
  await requireStep("build", node("scripts/build.mjs"));
  const tests = ["--project", "e2e", "test/package", "test/create"];
  const vitest = ["node_modules/vitest/vitest.mjs", "run", ...tests];
  await requireStep("tests of the packed packages", node(...vitest));
  await writeSboms();
  if (isPublished) {
    git("commit", "--quiet", "--all", "--message", `release: ${version}`);
    git("tag", "--annotate", `v${version}`, "--message", `lutra ${version}`);
  }
  const mode = isPublished ? ["--provenance"] : ["--dry-run"];
  for (const name of published) {
    const cwd = join(root, "packages", name);
    await requireStep(`publish ${name} ${mode}`, npm("publish", "--access=public", ...mode), {
      cwd,
    });
  }
  console.log(isPublished ? `Now push: git push --follow-tags` : "Dry run: nothing was changed.");
}

/** Writes a CycloneDX bill of materials for each package, without development dependencies. */
async function writeSboms() {
  mkdirSync(out, { recursive: true });
  for (const name of published) {
    const { name: workspace } = JSON.parse(
      readFileSync(join(root, "packages", name, "package.json"), "utf8"),
    );
    const format = ["--sbom-format=cyclonedx", "--omit=dev", `--workspace=${workspace}`];
    const { code, output } = await run(npm("sbom", "--package-lock-only", ...format));
    if (code !== 0) throw new Error(`npm sbom of ${workspace} failed:\n${output}`);
    writeFileSync(join(out, `${name}.cdx.json`), output);
  }
  console.log(`bills of materials: ${out}`);
}

function requireCleanTree() {
  if (git("status", "--porcelain") !== "") throw new Error("expected a tree without changes");
  if (git("tag", "--list", `v${version}`) !== "") {
    throw new Error(`expected a new version, the tag v${version} exists`);
  }
  if (isPublished && git("branch", "--show-current") !== "main") {
    throw new Error("expected the branch main");
  }
}

function git(...args) {
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
}
