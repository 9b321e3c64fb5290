/** Comments at the places that a person changes. */
import type { Finding } from "../find.ts";
import type { Rule } from "../rules/rule.ts";
import type { Module } from "../source/module.ts";
import { isNode, type Syntax, walk } from "../source/syntax.ts";
import type { Draft } from "./draft.ts";

/** The beginning of each comment, by which it is found. */
const mark = (rule: string) => `// lutra migrate (${rule})`;

/** Marks the findings that were not rewritten. Returns the number of new comments. */
export function markFindings(
  draft: Draft,
  findings: readonly Finding[],
  rules: readonly Rule[],
): number {
  const { source } = draft.module;
  const lines = source.split("\n");
  const starts = statementLines(draft.module);
  const marked = new Set<string>();
  let count = 0;
  for (const { rule: id, line } of findings) {
    const rule = rules.find((each) => each.id === id);
    const at = starts.findLast((start) => start.line <= line && start.lastLine >= line);
    if (rule === undefined || at === undefined || draft.isDone(id, line)) continue;
    const key = `${id} ${at.line}`;
    if (marked.has(key) || isMarked(lines, at.line, id)) continue;
    marked.add(key);
    count += 1;
    draft.insert(at.start, `${at.indent}${mark(id)}: ${rule.replacement}\n`);
  }
  return count;
}

/** True if the comments directly above a line contain the mark. */
function isMarked(lines: readonly string[], line: number, id: string): boolean {
  for (let above = line - 2; lines[above]?.trimStart().startsWith("//"); above -= 1) {
    if (lines[above]?.includes(mark(id))) return true;
  }
  return false;
}

interface StatementLine {
  readonly line: number;
  readonly lastLine: number;
  /** The position of the first character of the line. */
  readonly start: number;
  readonly indent: string;
}

/** Returns the statements and class members that begin a line, in the order of the source. */
function statementLines({ program, source, lineOf }: Module): readonly StatementLine[] {
  const found: StatementLine[] = [];
  walk(program, (node, ancestors) => {
    const parent = ancestors.at(-1);
    if (!isListed(node, parent)) return;
    const start = source.lastIndexOf("\n", node.start - 1) + 1;
    const indent = source.slice(start, node.start);
    if (indent.trim() !== "") return;
    found.push({ line: lineOf(node.start), lastLine: lineOf(node.end), start, indent });
  });
  return found;
}

/** True for a node in a list of statements, where a comment may precede it on a line of its own. */
function isListed(node: Syntax, parent: Syntax | undefined): boolean {
  const isList = isNode(parent, "Program", "BlockStatement", "ClassBody", "StaticBlock");
  return isList || (isNode(parent, "SwitchCase") && parent.test !== node);
}
