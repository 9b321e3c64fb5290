/** Compiles the bench, so that no loader affects the figures, and runs it on one core. */
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { isPinned } from "./contender.ts";

const bench = import.meta.dirname;
const out = join(bench, "out");
const measured = ["servers", "clients", "proxies", "engines"].flatMap((folder) =>
  readdirSync(join(bench, folder)).map((file) => join(bench, folder, file)),
);

rmSync(out, { recursive: true, force: true });
await build({
  entryPoints: [join(bench, "main.ts"), ...measured],
  outbase: bench,
  outdir: out,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20.19",
  logLevel: "warning",
});

const node = [process.execPath, join(out, "main.mjs"), ...process.argv.slice(2)];
const [program, ...args] = isPinned ? ["taskset", "-c", "1", ...node] : node;
const { status } = spawnSync(program as string, args, { stdio: "inherit" });
process.exit(status ?? 1);
