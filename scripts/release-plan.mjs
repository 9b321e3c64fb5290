/** Computes what a release changes in the repository, without changing it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { published } from "./freshness.mjs";

/** Manifests of created projects. They depend on the published packages. */
const templates = ["packages/create-lutra/template/base/package.json"];

const semver = /^(\d+)\.(\d+)\.(\d+)(?:-([\w.-]+))?$/;

/**
 * Returns the new text of each file that the release of `version` changes: all manifests, those of
 * templates included, the lock file and the changelog.
 *
 * @throws {Error} for a version that is not above the current one, or an empty changelog section
 */
export function planRelease(root, version, date) {
  const read = (path) => readFileSync(join(root, path), "utf8");
  const manifest = JSON.parse(read("package.json"));
  requireAbove(version, manifest.version);
  const folders = [".", ...manifest.workspaces];
  const names = new Set(
    published.map((name) => JSON.parse(read(`packages/${name}/package.json`)).name),
  );
  const change = { from: manifest.version, to: version, names };
  const bump = (entry) => bumped(entry, change);
  const files = new Map();
  for (const folder of folders) {
    const path = join(folder, "package.json");
    files.set(path, formatted(bump(JSON.parse(read(path)))));
  }
  for (const path of templates)
    files.set(path, formatted(withRanges(JSON.parse(read(path)), change)));
  const lock = JSON.parse(read("package-lock.json"));
  lock.version = version;
  for (const folder of folders) {
    const key = folder === "." ? "" : folder;
    lock.packages[key] = bump(lock.packages[key]);
  }
  files.set("package-lock.json", formatted(lock));
  files.set("CHANGELOG.md", released(read("CHANGELOG.md"), version, date));
  return files;
}

/** The changelog with its section "Unreleased" under the new version. */
export function released(changelog, version, date) {
  const [, head, changes, rest] =
    /^([\s\S]*?^## Unreleased\n)([\s\S]*?)(^## [\s\S]*)?$(?![\s\S])/m.exec(changelog) ?? [];
  if (head === undefined) throw new Error("CHANGELOG.md: expected a section ## Unreleased");
  if (!/^- /m.test(changes)) {
    throw new Error("CHANGELOG.md: expected at least one entry under ## Unreleased");
  }
  return `${head}\n## ${version} - ${date}\n${changes}${rest ?? ""}`;
}

/** The text of the section of a version. */
export function sectionOf(changelog, version) {
  const start = changelog.indexOf(`\n## ${version} `);
  const end = changelog.indexOf("\n## ", start + 1);
  return changelog.slice(start, end < 0 ? undefined : end).trim();
}

function requireAbove(version, present) {
  if (!semver.test(version)) throw new Error(`expected a version such as 1.2.3, got ${version}`);
  const wanted = semver.exec(version);
  const have = semver.exec(present);
  for (const part of [1, 2, 3]) {
    const difference = Number(wanted[part]) - Number(have[part]);
    if (difference > 0) return;
    if (difference < 0) throw new Error(`expected a version above ${present}, got ${version}`);
  }
  // The release of a version follows its pre-releases.
  if (have[4] === undefined || (wanted[4] ?? "~") <= have[4]) {
    throw new Error(`expected a version above ${present}, got ${version}`);
  }
}

/** A manifest or an entry of the lock file with the new version of the package and its inner dependencies. */
function bumped(entry, change) {
  const { from, to } = change;
  return { ...withRanges(entry, change), ...(entry.version === from && { version: to }) };
}

/** The same, without a change of the entry's own version. */
function withRanges(entry, { from, to, names }) {
  const result = { ...entry };
  for (const kind of ["dependencies", "devDependencies", "peerDependencies"]) {
    if (result[kind] === undefined) continue;
    result[kind] = Object.fromEntries(
      Object.entries(result[kind]).map(([name, range]) => [
        name,
        names.has(name) ? range.replace(from, to) : range,
      ]),
    );
  }
  return result;
}

function formatted(value) {
  return `${JSON.stringify(value, null, 2)}\n`;
}
