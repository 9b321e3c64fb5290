/** Conditions on the head of a request, compiled once. */
import type { MatchConfig } from "../config/schema.ts";
import type { Head } from "../head/head.ts";

/** What a condition may look at beside the head. */
export interface Caller {
  readonly head: Head;
  readonly principal: string | undefined;
}

/** One condition: what it is about, and whether a request meets it. */
export interface Condition {
  /** The header or the fact it looks at, as in the configuration. */
  readonly about: string;
  readonly expected: string;
  readonly holds: (caller: Caller) => boolean;
  readonly actual: (caller: Caller) => string | undefined;
}

/** The conditions of a `match`; none for one that is left out. */
export function compileMatch(match: MatchConfig | undefined): readonly Condition[] {
  if (match === undefined) return [];
  const conditions: Condition[] = [];
  const add = (
    about: string,
    patterns: string | readonly string[] | undefined,
    actual: Condition["actual"],
  ) => {
    if (patterns === undefined) return;
    const all = typeof patterns === "string" ? [patterns] : patterns;
    const fits = compilePatterns(all);
    const holds = (caller: Caller) => {
      const value = actual(caller);
      return value !== undefined && fits(value);
    };
    conditions.push({ about, expected: all.join(" or "), actual, holds });
  };
  add("method", match.method, ({ head }) => head.method);
  add("name", match.name, ({ head }) => head.name);
  for (const [param, patterns] of Object.entries(match.param ?? {})) {
    const name = param.toLowerCase();
    add(`param.${param}`, patterns, ({ head }) => head.param(name));
  }
  add("principal", match.principal, ({ principal }) => principal);
  return conditions;
}

/** A function that says whether a text is one of the patterns, in which `*` is any text. */
export function compilePatterns(patterns: readonly string[]): (text: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes("*")));
  const globs = patterns.filter((pattern) => pattern.includes("*")).map(compileGlob);
  if (globs.length === 0) return (text) => exact.has(text);
  return (text) => exact.has(text) || globs.some((fits) => fits(text));
}

/**
 * Splits at the stars and looks for the parts in turn, so that no pattern takes more than a few
 * passes over the text.
 */
function compileGlob(pattern: string): (text: string) => boolean {
  const parts = pattern.split("*");
  const first = parts[0] as string;
  const last = parts.at(-1) as string;
  const middle = parts.slice(1, -1).filter((part) => part !== "");
  return (text) => {
    if (text.length < first.length + last.length) return false;
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    let from = first.length;
    const end = text.length - last.length;
    for (const part of middle) {
      const at = text.indexOf(part, from);
      if (at === -1 || at + part.length > end) return false;
      from = at + part.length;
    }
    return true;
  };
}
