import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  buildable,
  fingerprint,
  isBuildStale,
  isInstallStale,
  rememberBuild,
} from "./freshness.mjs";
import { isAtLeast } from "./steps.mjs";

let root;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "lutra-freshness-"));
});

afterEach(() => rmSync(root, { recursive: true }));

/** Writes a file whose time lies `age` seconds before a fixed moment. */
function write(path, age = 0) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), path);
  utimesSync(join(root, path), 1_700_000_000 - age, 1_700_000_000 - age);
}

function build() {
  mkdirSync(join(root, "packages/lutra/dist"), { recursive: true });
  rememberBuild(root, fingerprint(root));
}

it("installs when nothing is installed, and after the lock file has changed", () => {
  write("package-lock.json");
  expect(isInstallStale(root)).toBe(true);
  write("node_modules/.package-lock.json", 10);
  expect(isInstallStale(root)).toBe(true);
  write("node_modules/.package-lock.json", -10);
  expect(isInstallStale(root)).toBe(false);
});

it("builds only packages that have sources", () => {
  write("packages/lutra/src/server/a.ts");
  write("packages/cli/src/only.test.ts");
  expect(buildable(root)).toEqual(["lutra"]);
});

it("builds once, and again when a source changes, comes or goes", () => {
  write("packages/lutra/src/a.ts");
  expect(isBuildStale(root)).toBe(true);
  build();
  expect(isBuildStale(root)).toBe(false);

  write("packages/lutra/src/a.ts", 5);
  expect(isBuildStale(root)).toBe(true);
  build();
  write("packages/lutra/src/deep/b.ts");
  expect(isBuildStale(root)).toBe(true);
  build();
  rmSync(join(root, "packages/lutra/src/deep/b.ts"));
  expect(isBuildStale(root)).toBe(true);
});

it("builds again when dist is gone, but not for a test", () => {
  write("packages/lutra/src/a.ts");
  build();
  write("packages/lutra/src/a.test.ts");
  write("packages/lutra/src/a.test-d.ts");
  expect(isBuildStale(root)).toBe(false);
  rmSync(join(root, "packages/lutra/dist"), { recursive: true });
  expect(isBuildStale(root)).toBe(true);
});

it.each([
  ["20.19.0", "20.19", true],
  ["20.18.3", "20.19", false],
  ["22.0.0", "20.19", true],
  ["18.20.8", "20.19", false],
  ["20.19", "20.19.1", false],
])("tells whether Node %s is at least %s: %s", (version, minimum, expected) => {
  expect(isAtLeast(version, minimum)).toBe(expected);
});
