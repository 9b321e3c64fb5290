import fc from "fast-check";
import { encodeHeaderValue } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { compilePatterns } from "../routes/match.ts";
import { base64Pattern } from "./base64-pattern.ts";
import { asRegex, dateFrom, headerPattern } from "./header-pattern.ts";

/** Any character; surrogates, which have no UTF-8, become a letter. */
const anyChar = fc
  .nat({ max: 0x10ffff })
  .map((code) => String.fromCodePoint(code >= 0xd800 && code <= 0xdfff ? 0x61 : code));

const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64");
const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");
const whole = (source: string) => new RegExp(`^(?:${source})$`);
const fits = (pattern: string, header: string) =>
  whole(asRegex(headerPattern([pattern], "bytes", true))).test(bytes(header));

describe("patterns in Base64", () => {
  /** Few letters, so that parts are found and not found about as often. */
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "ä", "日"), maxLength: 7 });
  const parts = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "ä"), maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  });

  it("find what the pattern finds, and nothing else", () => {
    fc.assert(
      fc.property(parts, letters, (literals, text) => {
        const isMatch = compilePatterns([literals.join("*")])(text);
        // An empty part between two stars is no part.
        const pattern = literals.join("*").split(/\*+/);
        expect(whole(base64Pattern(pattern)).test(base64(text))).toBe(isMatch);
      }),
      { numRuns: 300 },
    );
  });

  it("find every text that is made from the pattern", () => {
    const gaps = fc.array(fc.string({ unit: anyChar, maxLength: 4 }), {
      minLength: 2,
      maxLength: 2,
    });
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: anyChar, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
        gaps,
        (literals, fill) => {
          const text = literals
            .map((part, index) => part + (index < literals.length - 1 ? fill[index] : ""))
            .join("");
          expect(whole(base64Pattern(literals)).test(base64(text))).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("have at most two stars, beside one at the end", () => {
    expect(base64Pattern(["a", "b", "c", ""])).toBeTypeOf("string");
    expect(() => base64Pattern(["a", "b", "c", "d"])).toThrow("expected at most 2 stars");
  });
});

describe("a header fits a pattern", () => {
  it.each([
    ["get_weather", "get_weather"],
    ["get_weather", `=?base64?${base64("get_weather")}?=`],
    ["*", "x"],
    ["*", "=?base64?eA==?="],
    ["file:///*", "file:///projects/a.json"],
    ["file:///*", encodeHeaderValue("file:///日本.txt")],
    ["*_delete", encodeHeaderValue("früher_delete")],
    ["a*b*c", "axxbyyc"],
    ["naïve", encodeHeaderValue("naïve")],
    ["naïve", "naïve"],
    ["two\nlines", encodeHeaderValue("two\nlines")],
    [" padded ", encodeHeaderValue(" padded ")],
    ["=?base64?literal?=", encodeHeaderValue("=?base64?literal?=")],
  ])("%j: %j", (pattern, header) => {
    expect(fits(pattern, header)).toBe(true);
  });

  it.each([
    ["get_weather", "get_weather2"],
    ["get.weather", "get_weather"],
    ["get_weather", "GET_WEATHER"],
    ["file:///*", "file://x"],
    ["*e*", encodeHeaderValue("日本")],
    ["=?base64?literal?=", "=?base64?literal?="],
    ["", "x"],
    ["", ""],
  ])("%j, but not: %j", (pattern, header) => {
    expect(fits(pattern, header)).toBe(false);
  });

  it("is written without anything that quotes or ends a quotation", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyChar, minLength: 1 }), (name) => {
        expect(
          asRegex(headerPattern([name.split("*").slice(0, 3).join("*")], "bytes", true)),
        ).toMatch(/^[A-Za-z0-9_/:@=.\\()|[\]{}^$?*+,-]*$/);
      }),
    );
  });
});

describe("dates from a given one on", () => {
  it.each([
    "2026-07-28",
    "2026-07-29",
    "2026-08-01",
    "2026-10-01",
    "2027-01-01",
    "2030-01-01",
    "9999-12-31",
  ])("have %s", (date) => {
    expect(date).toMatch(whole(dateFrom("2026-07-28")));
  });
  it.each(["2026-07-27", "2026-06-30", "2025-11-25", "1999-12-31", "2026-07-28x", "", "DRAFT"])(
    "have not %j",
    (date) => {
      expect(date).not.toMatch(whole(dateFrom("2026-07-28")));
    },
  );
});
