import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const page = readFileSync(join(root, "docs/architecture.md"), "utf8");
/** The block below "The packages". */
const [, block = ""] = /^## The packages\n+```\n([^`]*)```/m.exec(page) ?? [];

/** Returns the folders that the page lists for a package. */
function listed(name: string): readonly string[] {
  const [, lines = ""] =
    new RegExp(`^packages/${name}/src\\n((?: {2}.*\\n)*)`, "m").exec(block) ?? [];
  return lines
    .split("\n")
    .flatMap((line) => /^ {2}(\S+\/(?:, \S+\/)*)/.exec(line)?.[1]?.split(", ") ?? [])
    .map((folder) => folder.slice(0, -1));
}

it.each(["lutra", "gateway", "migrate", "console"])(
  "docs/architecture.md lists every folder of the package %s",
  (name) => {
    const folders = readdirSync(join(root, `packages/${name}/src`), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "fixtures")
      .map((entry) => entry.name);
    expect(new Set(listed(name))).toEqual(new Set(folders));
  },
);
