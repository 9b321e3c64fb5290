import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePatterns } from "./patterns.ts";

describe("a pattern", () => {
  it.each([
    ["search", "search", true],
    ["search", "searches", false],
    ["search", "Search", false],
    ["search*", "search_flights", true],
    ["*_admin", "users_admin", true],
    ["*_admin", "users_admin_2", false],
    ["a*b*c", "a-b-c", true],
    ["a*b*c", "abc", true],
    ["a*b*c", "acb", false],
    ["a*a", "a", false],
    ["*", "", true],
    ["**", "anything", true],
    ["a.c", "abc", false],
    ["file:///*/[x]", "file:///a/[x]", true],
  ])("%j matches %j: %s", (pattern, text, expected) => {
    expect(compilePatterns([pattern])(text)).toBe(expected);
  });

  it("matches any text with a star and the other characters literally", () => {
    const reference = (pattern: string) => {
      const escaped = pattern.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
      return new RegExp(`^${escaped.join("[^]*")}$`, "u");
    };
    const short = fc.string({ unit: fc.constantFrom("a", "b", "*", "."), maxLength: 8 });
    fc.assert(
      fc.property(short, short, (pattern, text) => {
        expect(compilePatterns([pattern])(text)).toBe(reference(pattern).test(text));
      }),
    );
  });
});
