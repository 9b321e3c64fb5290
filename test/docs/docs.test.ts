/** The documents say what the code does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errorCodes } from "lutra/protocol";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const pairs = Object.values(errorCodes).map(({ code, status }) => `${status} ${code}`);

describe("docs/lifecycle.md", () => {
  const exits = [...read("docs/lifecycle.md").matchAll(/^ {2}(\d{3}) {2}(-32\d{3}) /gm)];
  const drawn = new Set(exits.map(([, status, code]) => `${status} ${code}`));

  it("draws every code with the status it has", () => {
    // Refusals before there is a message have a status of HTTP's own.
    const before = new Set(["403 -32600", "415 -32600", "413 -32600"]);
    const known = [...drawn].filter((pair) => !before.has(pair));
    expect(known.sort()).toEqual([...pairs].sort());
  });

  it("names files that exist", () => {
    for (const [, path] of read("docs/lifecycle.md").matchAll(/^(\w[\w/-]+\.ts)/gm)) {
      expect(read(`packages/lutra/src/${path}`)).not.toBe("");
    }
  });
});

describe("docs/errors.md", () => {
  it("lists every reason with its code and status", () => {
    const rows = [...read("docs/errors.md").matchAll(/^\| `(\w+)` \| (-\d+) \| (\d+) \|/gm)];
    const listed = Object.fromEntries(
      rows.map(([, reason, code, status]) => [
        reason,
        { code: Number(code), status: Number(status) },
      ]),
    );
    expect(listed).toEqual(errorCodes);
  });
});

describe("README.md", () => {
  it.each(["server.ts", "client.ts"])("shows examples/readme/%s as it is", (name) => {
    const [, shown] =
      read("README.md").match(new RegExp(`\`\`\`ts\n// ${name}\n([^]*?)\`\`\``)) ?? [];
    expect(shown?.trim()).toBe(read(`examples/readme/${name}`).trim());
  });

  it("links to files that exist", () => {
    for (const [, path] of read("README.md").matchAll(/\]\(([\w./-]+\.md)\)/g)) {
      expect(read(path as string)).not.toBe("");
    }
  });
});
