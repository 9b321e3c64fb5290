import fc from "fast-check";
import { encodeHeaderValue } from "lutra/protocol";
import { describe, expect, it } from "vitest";
import { compilePatterns } from "../subjects/patterns.ts";
import { base64Pattern } from "./base64-pattern.ts";
import { asRegex, dateFrom, headerPattern } from "./header-pattern.ts";

/** Any character. Surrogates, which UTF-8 can't encode, become a letter. */
const anyChar = fc
  .nat({ max: 0x10ffff })
  .map((code) => String.fromCodePoint(code >= 0xd800 && code <= 0xdfff ? 0x61 : code));

const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64");
const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");
const whole = (source: string) => new RegExp(`^(?:${source})$`);
const fits = (pattern: string, header: string) =>
  whole(asRegex(headerPattern([pattern], "bytes", true))).test(bytes(header));

describe("a pattern in Base64", () => {
  /** An alphabet of few letters, so that about half of the texts match. */
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "ä", "日"), maxLength: 7 });
  const parts = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "ä"), maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  });

  it("matches exactly the texts that the pattern matches", () => {
    fc.assert(
      fc.property(parts, letters, (literals, text) => {
        const isMatch = compilePatterns([literals.join("*")])(text);
        // Consecutive stars count as one.
        const pattern = literals.join("*").split(/\*+/);
        expect(whole(base64Pattern(pattern)).test(base64(text))).toBe(isMatch);
      }),
      { numRuns: 300 },
    );
  });

  it("matches every text that is built from the pattern", () => {
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

  it("has at most two stars before its end", () => {
    expect(base64Pattern(["a", "b", "c", ""])).toBeTypeOf("string");
    expect(() => base64Pattern(["a", "b", "c", "d"])).toThrow(
      "expected at most 2 stars before the end",
    );
  });
});

describe("a header pattern", () => {
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
  ])("%j matches %j", (pattern, header) => {
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
  ])("%j does not match %j", (pattern, header) => {
    expect(fits(pattern, header)).toBe(false);
  });

  it("contains no characters that begin or end a quotation", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyChar, minLength: 1 }), (name) => {
        expect(
          asRegex(headerPattern([name.split("*").slice(0, 3).join("*")], "bytes", true)),
        ).toMatch(/^[A-Za-z0-9_/:@=.\\()|[\]{}^$?*+,-]*$/);
      }),
    );
  });
});

describe("a pattern for dates that are not earlier than 2026-07-28", () => {
  it.each([
    "2026-07-28",
    "2026-07-29",
    "2026-08-01",
    "2026-10-01",
    "2027-01-01",
    "2030-01-01",
    "9999-12-31",
  ])("matches %s", (date) => {
    expect(date).toMatch(whole(dateFrom("2026-07-28")));
  });
  it.each(["2026-07-27", "2026-06-30", "2025-11-25", "1999-12-31", "2026-07-28x", "", "DRAFT"])(
    "does not match %j",
    (date) => {
      expect(date).not.toMatch(whole(dateFrom("2026-07-28")));
    },
  );
});
