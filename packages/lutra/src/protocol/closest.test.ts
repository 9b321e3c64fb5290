import { describe, expect, it } from "vitest";
import { closest, didYouMean, expectedOneOf } from "./closest.ts";

describe("closest", () => {
  it.each([
    ["a letter is missing", "onElict", "onElicit"],
    ["a letter is superfluous", "tooles", "tools"],
    ["two letters are swapped", "nmae", "name"],
    ["the case differs", "inputschema", "inputSchema"],
    ["an s is missing", "tool", "tools"],
    ["the rest is missing", "output", "outputSchema"],
  ])("finds the candidate: %s", (_what, word, found) => {
    const candidates = ["name", "tools", "onElicit", "inputSchema", "outputSchema"];
    expect(closest(word, candidates)).toBe(found);
    expect(didYouMean(word, candidates)).toBe(`; did you mean "${found}"?`);
  });

  it("finds nothing for the beginning of two candidates", () => {
    expect(closest("trust", ["trusted-proxy", "trusted-host"])).toBeUndefined();
  });

  it.each(["parameters", "", "x".repeat(10_000)])("finds nothing like %j", (word) => {
    expect(closest(word, ["name", "inputSchema"])).toBeUndefined();
    expect(didYouMean(word, ["name", "inputSchema"])).toBe("");
  });
});

it("lists all candidates when none is similar", () => {
  expect(expectedOneOf("parameters", ["name", "call"])).toBe(", expected one of name, call");
  expect(expectedOneOf("cal", ["name", "call"])).toBe('; did you mean "call"?');
});
