/**
 * Bundles the page of the console into static files: one script and one style sheet for the first
 * view, and a chunk for each view that is loaded when it is shown.
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./steps.mjs";

const [outdir] = process.argv.slice(2);
const folder = join(root, "packages/console/src/page");

await build({
  entryPoints: ["main.tsx", "main.css"].map((name) => join(folder, name)),
  outdir,
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  minify: true,
  platform: "browser",
  format: "esm",
  target: "es2023",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "eof",
  // Chunks of `lutra` that are imported for their effects alone have none.
  logOverride: { "ignored-bare-import": "silent" },
  logLevel: "warning",
});

for (const name of ["index.html", "icon.svg"]) cpSync(join(folder, name), join(outdir, name));
