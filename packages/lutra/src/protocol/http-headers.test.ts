import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeHeaderValue,
  encodeHeaderValue,
  headerNames,
  requireEncodedHeader,
  requireHeader,
} from "./http-headers.ts";
import { encodeJSON } from "./json.ts";

interface Vector {
  readonly value: string;
  readonly header: string;
  readonly why: string;
}

const vectors: { readonly [use in "encode" | "decode" | "refuse"]: readonly Vector[] } = JSON.parse(
  readFileSync(new URL("fixtures/header-encoding.json", import.meta.url), "utf8"),
);
const headerMismatch = { code: -32020, status: 400 };

describe("basic/transports/streamable-http#value-encoding", () => {
  it.each(vectors.encode)("$value is sent as $header: $why", ({ value, header }) => {
    expect(encodeHeaderValue(value)).toBe(header);
    expect(decodeHeaderValue(header, "Mcp-Name")).toBe(value);
  });

  it.each(vectors.decode)("$header is read as $value: $why", ({ value, header }) => {
    expect(decodeHeaderValue(header, "Mcp-Name")).toBe(value);
  });

  it.each(vectors.refuse)("$header is refused: $why", ({ header }) => {
    expect(() => decodeHeaderValue(header, "Mcp-Name")).toThrow(
      expect.objectContaining(headerMismatch),
    );
    expect(() => decodeHeaderValue(header, "Mcp-Name")).toThrow(/Mcp-Name/);
  });

  const anyString = fc.oneof(
    fc.array(fc.nat(0xffff)).map((codes) => wellFormed(String.fromCharCode(...codes))),
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: fc.constantFrom("=", "?", "b", "base64", " ", "\t", "a") }),
    fc.string().map((text) => `=?base64?${text}?=`),
  );

  it("decodes every encoded string of Unicode text unchanged", () => {
    fc.assert(
      fc.property(anyString, (value) => {
        expect(decodeHeaderValue(encodeHeaderValue(value), "x")).toBe(value);
      }),
    );
  });

  it("every encoded value is visible ASCII with blanks inside only", () => {
    fc.assert(
      fc.property(anyString, (value) => {
        expect(encodeHeaderValue(value)).toMatch(/^(?:[!-~](?:[\t -~]*[!-~])?)?$/);
      }),
    );
  });

  it.each(["\ud800", "a\udc00b", "\udc00\ud800"])(
    "a lone surrogate is sent as U+FFFD: %j",
    (value) => {
      const header = encodeHeaderValue(value);
      const { name } = JSON.parse(encodeJSON({ name: value }));
      expect(name).toBe(value.replace(/[\ud800-\udfff]/g, "\ufffd"));
      expect(decodeHeaderValue(header, "x")).toBe(name);
      expect(() => requireEncodedHeader(header, "x", name)).not.toThrow();
      // The body of another client has the escape.
      expect(() => requireEncodedHeader(header, "x", value)).toThrow(/does not match/);
    },
  );

  it("long values are decided at once", () => {
    const long = `${" a".repeat(100_000)} `;
    expect(decodeHeaderValue(encodeHeaderValue(long), "x")).toBe(long);
    expect(() => decodeHeaderValue(`=?base64?${"A".repeat(400_001)}?=`, "x")).toThrow(/Base64/);
  });
});

describe("basic/transports/streamable-http#server-validation", () => {
  it.each([
    ["the same text", "get_weather", "get_weather"],
    ["blanks around", "  get_weather ", "get_weather"],
    ["Base64 where it is needed", encodeHeaderValue("wetter_für"), "wetter_für"],
    ["Base64 where it is not needed", "=?base64?YWRk?=", "add"],
    ["an empty value", "", ""],
    ["a value that begins like the sentinel", "=?x", "=?x"],
  ])("servers MUST decode Mcp-Name before comparing: %s", (_what, header, value) => {
    expect(() => requireEncodedHeader(header, "Mcp-Name", value)).not.toThrow();
  });

  it.each([
    ["missing", undefined, "add"],
    ["another value", "sub", "add"],
    ["values are case-sensitive", "Add", "add"],
    ["a sentinel that the body has literally", "=?base64?YWRk?=", "=?base64?YWRk?="],
    ["raw Latin-1 that equals the body", "é", "é"],
    ["empty", "", "add"],
    ["bad Base64", "=?base64?YWR?=", "add"],
  ])("a header that is wrong is rejected with -32020: %s", (_what, header, value) => {
    expect(() => requireEncodedHeader(header, "Mcp-Name", value)).toThrow(
      expect.objectContaining(headerMismatch),
    );
  });

  it("only Mcp-Name and Mcp-Param-* permit the Base64 sentinel", () => {
    const header = "=?base64?dG9vbHMvY2FsbA==?=";
    expect(() => requireHeader(header, "Mcp-Method", "tools/call")).toThrow(
      expect.objectContaining(headerMismatch),
    );
    expect(() => requireHeader("tools/call", "Mcp-Method", "tools/call")).not.toThrow();
    expect(() => requireHeader(" tools/call\t", "Mcp-Method", "tools/call")).not.toThrow();
    expect(() => requireHeader(undefined, "Mcp-Method", "tools/call")).toThrow(/missing/);
    expect(() => requireHeader("Tools/Call", "Mcp-Method", "tools/call")).toThrow(/not match/);
    expect(() => requireHeader("méthode", "Mcp-Method", "méthode")).toThrow(/invalid characters/);
  });

  it("names of headers are looked up in lower case", () => {
    for (const name of Object.values(headerNames)) expect(name).toBe(name.toLowerCase());
  });
});

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
