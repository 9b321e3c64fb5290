/** Conditions on the head of a request, compiled once. */
import type { MatchConfig } from "../config/schema.ts";
import type { Head } from "../head/head.ts";

/** The properties of a request that routes and limits depend on. */
export interface RoutingInput {
  readonly head: Head;
  readonly principal: string | undefined;
}

/** One condition of a `match`. */
export interface Condition {
  /** The property that the condition tests, as in the configuration. */
  readonly about: string;
  readonly expected: string;
  readonly holds: (input: RoutingInput) => boolean;
  readonly actual: (input: RoutingInput) => string | undefined;
}

/** Compiles the conditions of a `match`. An absent `match` has none. */
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
    const holds = (input: RoutingInput) => {
      const value = actual(input);
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

/** Returns a test for texts that match one of the patterns, where `*` stands for any text. */
export function compilePatterns(patterns: readonly string[]): (text: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.includes("*")));
  const globs = patterns.filter((pattern) => pattern.includes("*")).map(compileGlob);
  if (globs.length === 0) return (text) => exact.has(text);
  return (text) => exact.has(text) || globs.some((fits) => fits(text));
}

/**
 * Splits the pattern at its stars and searches for the parts in turn, so that each pattern takes
 * linear time.
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
