/** Compares docs/migrating.md with the rules and the report of `lutra migrate`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate, rules } from "@lutra/migrate";
import { expect, it, onTestFinished } from "vitest";
import { anchorsOf } from "../../tools/anchors.ts";

const guide = readFileSync(join(import.meta.dirname, "../../docs/migrating.md"), "utf8");

it.each(rules)("explains the rule $id", ({ id, level, title, guide: heading }) => {
  expect(anchorsOf(guide)).toContain(heading);
  expect(guide).toContain(`| \`${id}\` | ${level} | ${title} | [below](#${heading}) |`);
});

it("lists no other rules", () => {
  const rows = [...guide.matchAll(/^\| `([\w-]+)` \| (?:blocks|replace|deprecated|check) \|/gm)];
  expect(rows.map(([, id]) => id)).toEqual(rules.map(({ id }) => id));
});

it("shows the members of the report", async () => {
  const folder = mkdtempSync(join(tmpdir(), "lutra-guide-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "a.js"), `import "fastmcp";\nrequest.sessionId;`);
  const { written: _, ...report } = await migrate(folder);
  const [, example = ""] = /```json\n(\{[^`]+\})\n```/.exec(guide) ?? [];
  const shown = JSON.parse(example);
  expect(Object.keys(shown)).toEqual(Object.keys(report));
  expect(Object.keys(shown.findings[0])).toEqual(Object.keys(report.findings[0] ?? {}));
});
