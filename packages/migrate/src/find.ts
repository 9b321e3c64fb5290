/** Applies the rules to the modules of a program. */
import type { Level, Rule } from "./rules/rule.ts";
import { matches } from "./rules/rule.ts";
import type { Fact } from "./source/facts.ts";
import type { Module } from "./source/module.ts";
import type { Sdk } from "./source/sdks.ts";

/** One place in the program to which a rule applies. */
export interface Finding {
  /** The id of the rule. */
  readonly rule: string;
  readonly level: Level;
  /** From the folder of the report, with forward slashes. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 code units. */
  readonly column: number;
  /** The name, text or number that was found. */
  readonly found: string;
}

/** Returns the findings in a module by line. Several uses on one line are one finding of a rule. */
export function findingsIn(
  module: Module,
  rules: readonly Rule[],
  sdks: ReadonlySet<Sdk>,
): readonly Finding[] {
  const found = new Map<string, Finding>();
  for (const fact of module.facts) {
    for (const { id, level, patterns } of rules) {
      if (!patterns.some((pattern) => matches(pattern, fact, sdks))) continue;
      const { line, column } = placeOf(module, fact);
      const key = `${id} ${line}`;
      const { path: file } = module;
      if (!found.has(key)) {
        found.set(key, { rule: id, level, file, line, column, found: fact.name });
      }
    }
  }
  return [...found.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}

function placeOf({ source, lineOf }: Module, { start }: Fact): { line: number; column: number } {
  return { line: lineOf(start), column: start - source.lastIndexOf("\n", start - 1) };
}
