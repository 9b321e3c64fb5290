/**
 * Bundles the modules that a package exports, into the folder that holds its declarations: one file
 * for each, and one for whatever several of them share, so that a class is there once. Programs
 * load in half the time, since each module costs a fraction of a millisecond.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./steps.mjs";

const [name, outdir] = process.argv.slice(2);
const folder = join(root, "packages", name);
const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

const files = Object.values(exports)
  .filter((target) => typeof target === "object")
  .flatMap(({ types, "lutra-source": _, ...targets }) => Object.values(targets));
const entryPoints = files.map((file) => {
  return join(folder, file.replace("./dist/", "src/").replace(/js$/, "ts"));
});

await build({
  entryPoints,
  outbase: join(folder, "src"),
  outdir,
  chunkNames: "chunks/[hash]",
  bundle: true,
  splitting: true,
  packages: "external",
  platform: "neutral",
  format: "esm",
  target: "es2023",
  sourcemap: true,
  logLevel: "warning",
});
