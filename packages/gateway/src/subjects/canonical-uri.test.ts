import { describe, expect, it } from "vitest";
import { canonicalUri, canonicalUris, withoutQuery } from "./canonical-uri.ts";

describe("the canonical spelling of a URI", () => {
  it.each([
    ["a scheme and a host in capitals", "HTTP://Example.COM/A", "http://example.com/A"],
    ["percent-encoded letters", "file:///%65tc/%70asswd", "file:///etc/passwd"],
    ["percent-encoded slashes", "file:///etc%2Fpasswd", "file:///etc/passwd"],
    ["percent-encoded UTF-8", "x://caf%C3%A9", "x://café"],
    ["a decomposed character", "x://cafe\u0301", "x://café"],
    ["bytes that are not UTF-8", "x://a/%FF%fe", "x://a/\ufffd\ufffd"],
    ["dot segments beside such bytes", "file:///a/%2e%2e%2f%ff/../etc/x", "file:///etc/x"],
    ["controls at both ends", "\u0001vault://a/b\u001f", "vault://a/b"],
    ["a user", "vault://@secret/a", "vault://secret/a"],
    ["a user of localhost", "file://a@localhost/etc/passwd", "file:///etc/passwd"],
    ["a user with a password", "https://a:b@host/a", "https://host/a"],
    ["dot segments", "file:///a/./b/../../etc/passwd", "file:///etc/passwd"],
    ["dot segments above the root", "file:///../../etc/passwd", "file:///etc/passwd"],
    ["encoded dot segments", "file:///a/%2e%2e/etc/passwd", "file:///etc/passwd"],
    ["dot segments at the end", "file:///etc/a/..", "file:///etc/"],
    ["repeated slashes", "file:////etc//passwd", "file:///etc/passwd"],
    ["backslashes", "file:///etc\\passwd", "file:///etc/passwd"],
    ["localhost", "file://localhost/etc/passwd", "file:///etc/passwd"],
    ["no authority", "file:/etc/passwd", "file:///etc/passwd"],
    ["characters that URL parsers remove", " fi\tle:///etc/pass\nwd ", "file:///etc/passwd"],
    ["encoded characters that URL parsers remove", "%20fi%09le:///etc/x%0A", "file:///etc/x"],
    ["no hierarchy", "memo:a b", "memo:a b"],
    ["no scheme", "a/../b", "b"],
    ["a query", "x://a/b/../c?d=../e#f", "x://a/c?d=../e#f"],
  ])("removes the differences of %s", (_what, uri, canonical) => {
    expect(canonicalUri(uri)).toBe(canonical);
  });

  it.each([
    ["FILE:///etc/*", "file:///etc/*"],
    ["*://etc/*", "*://etc/*"],
    ["*+file:///etc/*", "*+file:///etc/*"],
    ["*", "*"],
    ["file:///caf%C3%A9/*", "file:///café/*"],
  ])("keeps the stars of the pattern %s", (pattern, canonical) => {
    expect(canonicalUri(pattern)).toBe(canonical);
  });

  it.each([
    ["file:///etc/passwd?", "file:///etc/passwd"],
    ["file:///etc/passwd/#x", "file:///etc/passwd"],
    ["file:///", "file:///"],
    ["x:", "x:"],
  ])("of %s without its query is %s", (uri, expected) => {
    expect(withoutQuery(canonicalUri(uri))).toBe(expected);
  });
});

describe("the canonical spellings of a URI", () => {
  it.each([
    ["vault://secret:/a", "vault://secret/a"],
    ["https://internal.example:443/x", "https://internal.example/x"],
    ["https://internal.example:0443/x", "https://internal.example/x"],
    ["https:internal.example/x", "https://internal.example/x"],
    ["https:///internal.example/x", "https://internal.example/x"],
    ["https://inter\u00adnal.example/x", "https://internal.example/x"],
    ["https://internal\u3002example/x", "https://internal.example/x"],
    ["https://\uff49nternal.example/x", "https://internal.example/x"],
    ["https://0x7f.1/x", "https://127.0.0.1/x"],
    ["file:etc/passwd", "file:///etc/passwd"],
    ["file://loc\u00adalhost/etc/passwd", "file:///etc/passwd"],
  ])("include that which URL parsers give %s", (uri, canonical) => {
    expect(canonicalUris(uri)).toContain(canonical);
  });

  it.each(["memo:a b", "not a URI", "%", ""])("of %j are at least one", (uri) => {
    expect(canonicalUris(uri)[0]).toBe(canonicalUri(uri));
  });
});

it("unites the spellings that a URL parser unites once the code is optimised, too", () => {
  for (let count = 0; count < 50_000; count += 1) canonicalUris("https://a.example/x");
  expect(canonicalUris("https://inter\u00adnal.example/x")).toContain("https://internal.example/x");
});
