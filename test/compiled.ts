/** Compiles TypeScript programs for plain Node, so that processes start in half the time. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Packages are found from here as they are from the sources. */
const folder = join(root, "node_modules/.cache/lutra/test");

/**
 * Compiles a module and its relative imports into one file; returns the path of that file. A test
 * about TypeScript itself runs the module uncompiled.
 */
export function compiled(module: URL): string {
  const source = fileURLToPath(module);
  const file = join(folder, relative(root, source).replace(/\.ts$/, ".mjs"));
  const [output] = buildSync({
    entryPoints: [source],
    outfile: file,
    write: false,
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    // The module finds the files beside it.
    define: { "import.meta.url": JSON.stringify(module.href) },
    logLevel: "error",
  }).outputFiles;
  mkdirSync(dirname(file), { recursive: true });
  // Tests at the same time compile the same module, and none may find half a file.
  const next = `${file}.${process.pid}`;
  writeFileSync(next, output?.contents ?? "");
  renameSync(next, file);
  return file;
}
