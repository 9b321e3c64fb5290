/** The size of the page, compressed as a server might send it. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";

const folder = fileURLToPath(new URL("../../packages/console/dist/page/", import.meta.url));

/** Maximum size of the code of all views without that of apps, in bytes. */
const maxBytes = 80_000;
/** Maximum size of the code that the first app loads, in bytes. */
const maxAppBytes = 20_000;

/** The compressed size of each file. */
const sizes = new Map(
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => [file, gzipSync(readFileSync(file)).length]),
);

it("is at most 80 kB for all views together, and 20 kB for the host of apps", () => {
  const views = loadedBy("main.js", /^(?!.*app-view-).*-view-|markdown/);
  const all = new Set([...sizes.keys()].filter((file) => !file.endsWith(".js")));
  for (const file of views) all.add(file);
  const apps = [...sizes.keys()].filter((file) => !all.has(file));
  const sum = (files: Iterable<string>) =>
    [...files].reduce((total, file) => total + (sizes.get(file) ?? 0), 0);
  expect(apps.some((file) => file.includes("app-view-"))).toBe(true);
  expect(sum(all)).toBeLessThan(maxBytes);
  expect(sum(apps)).toBeLessThan(maxAppBytes);
});

it("loads the host of apps only for an app", () => {
  for (const file of loadedBy("main.js", /-view-/)) {
    if (file.includes("app-view-")) continue;
    const code = readFileSync(file, "utf8");
    expect(code, file).not.toContain("customElements");
  }
});

/** Returns the scripts that a script imports, and those that it loads on demand if `follows` fits. */
function loadedBy(name: string, follows: RegExp): ReadonlySet<string> {
  const found = new Set([join(folder, name)]);
  for (const file of found) {
    const imports = readFileSync(file, "utf8").matchAll(/(import\()?"(\.[^"]+\.js)"/g);
    for (const [, onDemand, path = ""] of imports) {
      if (onDemand === undefined || follows.test(path)) found.add(join(dirname(file), path));
    }
  }
  return found;
}
