import assert from "node:assert/strict";
import { isObject } from "../../../packages/lutra/src/protocol/json.ts";
import { PatternCompiler } from "../../../packages/lutra/src/schema/pattern.ts";
import { orRefused, type Target, textOf } from "../target.ts";

class OutOfBudget extends Error {}

export const pattern: Target = {
  kind: "json",
  name: "pattern",
  title: "patterns: the automaton finds what a regular expression finds, in bounded steps",
  dictionary: [
    "(?:",
    "(?=",
    "(?!",
    ")",
    "[^",
    "]",
    "\\b",
    "\\B",
    "\\p{L}",
    "{2,3}",
    "+",
    "*",
    "?",
    "|",
    "^",
    "$",
  ],
  maxMs: 500,
  check: (input) => {
    if (!isObject(input)) return;
    const source = textOf(input.pattern);
    const text = textOf(input.text).slice(0, 24);
    const isSyntaxError = (thrown: unknown) => thrown instanceof SyntaxError;
    const match = orRefused(() => new PatternCompiler(5000).compile(source), isSyntaxError);
    if (match === undefined) return;
    const expected = new RegExp(source, "u");
    let left = 1_000_000;
    const spend = (steps: number) => {
      left -= steps;
      if (left < 0) throw new OutOfBudget();
    };
    const found = orRefused(
      () => match(text, { spend }),
      (thrown) => thrown instanceof OutOfBudget,
    );
    // Nested repetitions take exponential time in a regular expression.
    if (found === undefined || (source.match(/[+*{]/g)?.length ?? 0) > 2) return;
    assert.equal(found, expected.test(text));
  },
};
