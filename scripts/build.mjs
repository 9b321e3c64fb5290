/**
 * `npm run build`: compiles every package into its dist folder, from nothing; what a package
 * exports is bundled. The new output replaces the old at the end, so a deleted source leaves no
 * file behind, and a program that is running from dist meets a complete one.
 */
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildable, fingerprint, rememberBuild } from "./freshness.mjs";
import { node, requireNode, root, step } from "./steps.mjs";

requireNode();

const print = fingerprint(root);

for (const name of buildable(root)) {
  const folder = join(root, "packages", name);
  const next = join(folder, "dist.next");
  rmSync(next, { recursive: true, force: true });
  if (!(await compile(name, next))) {
    rmSync(next, { recursive: true, force: true });
    process.exit(1);
  }
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  renameSync(next, join(folder, "dist"));
}

rememberBuild(root, print);

async function compile(name, outDir) {
  const tsc = ["node_modules/typescript/bin/tsc", "-p", `packages/${name}`, "--outDir", outDir];
  if (!hasLibrary(name)) return step(`building ${name}`, node(...tsc));
  return (
    (await step(`declaring ${name}`, node(...tsc, "--emitDeclarationOnly"))) &&
    (await step(`bundling ${name}`, node("scripts/bundle.mjs", name, outDir))) &&
    (!hasPage(name) || (await bundlePage(name, join(outDir, "page"))))
  );
}

/** True for a package that also has files for browsers. */
function hasPage(name) {
  return existsSync(join(root, "packages", name, "src/page"));
}

async function bundlePage(name, outDir) {
  const tsc = ["node_modules/typescript/bin/tsc", "-p", `packages/${name}/src/page`];
  return (
    (await step(`checking the page of ${name}`, node(...tsc))) &&
    (await step(`bundling the page of ${name}`, node("scripts/bundle-page.mjs", outDir)))
  );
}

/** True for a package with types, which others import. Programs load single modules by their paths. */
function hasLibrary(name) {
  const manifest = readFileSync(join(root, "packages", name, "package.json"), "utf8");
  const targets = Object.values(JSON.parse(manifest).exports ?? {});
  return targets.some((target) => typeof target === "object");
}
