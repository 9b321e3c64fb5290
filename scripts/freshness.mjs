/** Decides whether an installation or a build is still good, from files' times alone. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** In the order in which they are built: each may import those before it. */
export const packages = ["lutra", "stores", "console", "gateway", "migrate", "cli"];

/** All packages that are published. `create-lutra` is plain JavaScript and needs no build. */
export const published = [...packages, "create-lutra"];

/** True when node_modules is missing or older than the lock file. */
export function isInstallStale(folder) {
  const installed = join(folder, "node_modules/.package-lock.json");
  if (!existsSync(installed)) return true;
  return statSync(join(folder, "package-lock.json")).mtimeMs > statSync(installed).mtimeMs;
}

/** True when a package has no dist, or a source has come, gone or changed since the last build. */
export function isBuildStale(root) {
  const built = buildable(root).every((name) => existsSync(join(root, "packages", name, "dist")));
  if (!built || !existsSync(stampFile(root))) return true;
  return readFileSync(stampFile(root), "utf8") !== fingerprint(root);
}

/** Remembers `print`, the fingerprint taken before the build read the sources. */
export function rememberBuild(root, print) {
  mkdirSync(dirname(stampFile(root)), { recursive: true });
  writeFileSync(stampFile(root), print);
}

/** A hash over the path, time and size of every file that a build reads. */
export function fingerprint(root) {
  const hash = createHash("sha256");
  for (const path of buildInputs(root)) {
    const { mtimeMs, size } = statSync(join(root, path));
    hash.update(`${path} ${mtimeMs} ${size}\n`);
  }
  return hash.digest("hex");
}

/** The packages that have sources to compile. */
export function buildable(root) {
  return packages.filter((name) => sourcesOf(root, name).length > 0);
}

function buildInputs(root) {
  const tools = ["typescript", "esbuild"].map((name) => `node_modules/${name}/package.json`);
  const settings = [
    "tsconfig.base.json",
    ...tools,
    "scripts/build.mjs",
    "scripts/bundle.mjs",
    "scripts/bundle-page.mjs",
  ];
  for (const name of packages) {
    settings.push(`packages/${name}/package.json`, `packages/${name}/tsconfig.json`);
  }
  const sources = packages.flatMap((name) => sourcesOf(root, name));
  return [...settings.filter((path) => existsSync(join(root, path))), ...sources];
}

function sourcesOf(root, name) {
  const folder = `packages/${name}/src`;
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true })
    .map((path) => `${folder}/${path}`)
    .filter((path) => /\.(?:tsx?|css|html|svg)$/.test(path) && !/\.test(-d)?\.tsx?$/.test(path))
    .sort();
}

/** Inside node_modules, so that a fresh installation is always followed by a fresh build. */
function stampFile(root) {
  return join(root, "node_modules/.cache/lutra/build");
}
