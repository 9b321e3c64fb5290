/**
 * `npm run build`: compiles every package into its dist folder, from nothing. The new output
 * replaces the old at the end, so a deleted source leaves no file behind, and a program that is
 * running from dist meets a complete one.
 */
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildable, fingerprint, rememberBuild } from "./freshness.mjs";
import { node, requireNode, root, step } from "./steps.mjs";

requireNode();

const print = fingerprint(root);

for (const name of buildable(root)) {
  const folder = join(root, "packages", name);
  const next = join(folder, "dist.next");
  rmSync(next, { recursive: true, force: true });
  const tsc = node("node_modules/typescript/bin/tsc", "-p", `packages/${name}`, "--outDir", next);
  const succeeded = await step(`building ${name}`, tsc);
  if (!succeeded) {
    rmSync(next, { recursive: true, force: true });
    process.exit(1);
  }
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  renameSync(next, join(folder, "dist"));
}

rememberBuild(root, print);
