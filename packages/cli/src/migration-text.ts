/** The report of `lutra migrate` for people. */
import { type Finding, type Level, type Report, type Rule, rules } from "@lutra/migrate";

/** The groups of the report in their order. */
const headings: { readonly [level in Level]: string } = {
  blocks: "Blocks: revision 2026-07-28 has nothing of the kind",
  replace: "Replace: Lutra has an equivalent",
  deprecated: "Deprecated: revision 2026-07-28 still has it",
  check: "Check: it depends on the purpose",
};

const guide = "https://github.com/lutra-mcp/lutra/blob/main/docs/migrating.md";

const nextSteps = [
  "The findings above are those before the changes. Install the imported package with",
  'npm install lutra, then change the places marked with "// lutra migrate (".',
];

/** Returns the report as text: the findings by level, rule and file. */
export function migrationText(path: string, report: Report): string {
  const { files, connected, sdks, findings, unread } = report;
  const use = sdks.length === 0 ? "no SDK that this command knows" : sdks.join(", ");
  const summary = `${path}: ${countOf(files)}, of which ${connected} connected with ${use}`;
  const groups = (Object.keys(headings) as Level[]).flatMap((level) => groupOf(level, findings));
  const left = unread.map(({ file, reason }) => `not read: ${file}: ${reason}`);
  return [summary, ...left, ...groups, "", totalOf(findings), ...changesOf(report)].join("\n");
}

function changesOf({ written }: Report): readonly string[] {
  if (written === undefined) return [];
  const lines = written.map(({ file, rewritten, marked }) => {
    return `  ${file}: ${rewritten} rewritten, ${marked} marked with a comment`;
  });
  const next = written.length === 0 ? [] : ["", ...nextSteps];
  return ["", `${countOf(written.length)} changed`, ...lines, ...next];
}

function countOf(files: number): string {
  return files === 1 ? "1 file" : `${files} files`;
}

function groupOf(level: Level, findings: readonly Finding[]): readonly string[] {
  const parts = rules
    .map((rule) => ({ rule, found: findings.filter((each) => each.rule === rule.id) }))
    .filter(({ rule, found }) => rule.level === level && found.length > 0);
  if (parts.length === 0) return [];
  return ["", headings[level], ...parts.flatMap(({ rule, found }) => partOf(rule, found))];
}

function partOf({ id, title, replacement, guide: heading }: Rule, found: readonly Finding[]) {
  const lines = new Map<string, number[]>();
  for (const { file, line } of found) lines.set(file, [...(lines.get(file) ?? []), line]);
  const places = [...lines].map(([file, numbers]) => `    ${file}:${numbers.join(", ")}`);
  const head = `  ${id} (${found.length}): ${title}`;
  return ["", head, `    ${replacement}`, `    See ${guide}#${heading}`, ...places];
}

function totalOf(findings: readonly Finding[]): string {
  if (findings.length === 0) return "nothing is left to change";
  const counts = (Object.keys(headings) as Level[])
    .map((level) => [level, findings.filter((each) => each.level === level).length] as const)
    .filter(([, count]) => count > 0);
  return counts.map(([level, count]) => `${level}: ${count}`).join(", ");
}
