import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isURI, normalURI } from "./uri.ts";

describe("the normal form of a URI", () => {
  it.each([
    ["is the same for raw and for encoded letters", "file:///café", "file:///caf%C3%A9"],
    ["has percent-encodings in upper case", "file:///caf%c3%a9", "file:///caf%C3%A9"],
    ["has no encoded unreserved characters", "x:%7Ea%2Db%5F%2E%41", "x:~a-b_.A"],
    ["keeps reserved characters encoded", "x:a%2fb%3F", "x:a%2Fb%3F"],
    ["keeps reserved characters raw", "x:!#$&'()*+,/:;=?@[]", "x:!#$&'()*+,/:;=?@[]"],
    ["encodes what no URI contains", 'x:a b"<>\\^`{|}\u007f\n', null],
    ["has a scheme in lower case", "FILE:///A", "file:///A"],
    ["keeps the case of other parts", "note://Paris/A?B#C", "note://Paris/A?B#C"],
    ["keeps dot segments", "file:///a/../b", "file:///a/../b"],
    ["keeps a percent sign that encodes nothing", "x:%zz%", "x:%zz%"],
    ["keeps bytes that are not UTF-8", "x:%ff", "x:%FF"],
    ["keeps a lone surrogate", "x:\ud83d", "x:\ud83d"],
    ["encodes a pair of surrogates", "x:🦦", "x:%F0%9F%A6%A6"],
    ["is that of text without a scheme", "Ü", "%C3%9C"],
  ])("%s", (_what, uri, normal) => {
    expect(normalURI(uri)).toBe(normal ?? `x:${encodeURIComponent(uri.slice(2))}`);
  });

  it("is the normal form of itself", () => {
    const texts = fc.oneof(fc.string({ unit: "binary" }), fc.webUrl(), fc.string());
    fc.assert(
      fc.property(texts, (text) => {
        expect(normalURI(normalURI(text))).toBe(normalURI(text));
      }),
    );
  });

  it("is the same for a text and its percent-encoding", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const word = text.replace(/\p{Surrogate}|[!'()*]|[^\P{ASCII}\w]/gu, "");
        expect(normalURI(`x:${word}`)).toBe(normalURI(`x:${encodeURIComponent(word)}`));
      }),
    );
  });

  it("is the URI itself when that is longer than 8192 characters", () => {
    const long = `x:${"é".repeat(8192)}`;
    expect(normalURI(long)).toBe(long);
  });
});

it.each([
  ["https://example.com/a?b=c#d", true],
  ["file:///home/user/a%20b.txt", true],
  ["a:", true],
  ["my-app+v1.0://[::1]:80/x;y=(1)", true],
  ["urn:isbn:0451450523", true],
  ["memo://otter/🦦-und-Töchter", true],
  ["t://a/b/c\u0000", false],
  ["file:///a b\tc", false],
  ["file:///\u202e", false],
  ["a:\ud800", false],
  ["a:\u00a0", false],
  ['x:<{}>"é', false],
  ["a:\\b", false],
  ["a:%zz", false],
  ["a:%2", false],
  ["a://b\n", false],
  ["1a:b", false],
  ["/relative", false],
  ["", false],
])("custom URI schemes MUST be in accordance with RFC 3986: %j %s", (text, expected) => {
  expect(isURI(text)).toBe(expected);
});
