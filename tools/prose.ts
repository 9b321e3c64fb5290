/** Extracts the prose of a file: its comments and string literals, or all of a document. */
import { parseSync, Visitor } from "oxc-parser";

export interface Docstring {
  /** Counted from 1. */
  readonly line: number;
  /** The text between the delimiters, as one line. */
  readonly text: string;
}

export interface Prose {
  /** The text of the file in which everything else is blank, so that offsets and lines hold. */
  readonly text: string;
  readonly docstrings: readonly Docstring[];
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Stands for code between two pieces of prose, so that no phrase spans both. */
const blank = "\0";

/** Returns the prose of a file: of a document its whole text, of code the comments and strings. */
export function proseOf(path: string, source: string): Prose {
  if (path.endsWith(".md")) return { text: source, docstrings: [] };
  const { program, comments } = parseSync(path, source);
  const docstrings = comments
    .filter(({ type, value }) => type === "Block" && value.startsWith("*"))
    .map(({ value, start }) => ({ line: lineAt(source, start), text: flatten(value) }));
  return { text: keepOnly(source, [...comments, ...stringsOf(program)]), docstrings };
}

/** The line of an offset, counted from 1. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function stringsOf(program: ReturnType<typeof parseSync>["program"]): Span[] {
  const found: Span[] = [];
  const visitor = new Visitor({
    Literal: (node) => {
      if (typeof node.value === "string") found.push(node);
    },
    TemplateElement: (node) => {
      found.push(node);
    },
  });
  visitor.visit(program);
  return found;
}

function keepOnly(source: string, spans: readonly Span[]): string {
  const kept: string[] = [];
  let end = 0;
  for (const span of [...spans].sort((a, b) => a.start - b.start)) {
    kept.push(blanked(source.slice(end, span.start)), source.slice(span.start, span.end));
    end = span.end;
  }
  kept.push(blanked(source.slice(end)));
  return kept.join("");
}

function blanked(code: string): string {
  return code.replace(/\S/g, blank);
}

function flatten(comment: string): string {
  return comment
    .replace(/^[\s*]+/, "")
    .replace(/\s*\n\s*(?:\*\s?)?/g, " ")
    .trim();
}
