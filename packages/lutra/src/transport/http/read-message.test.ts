import fc from "fast-check";
import { expect, it } from "vitest";
import { requireUTF8 } from "./read-message.ts";

/** Decodes bytes as `Request.text` does. */
const lenient = new TextDecoder();

function check(bytes: readonly number[]): () => void {
  const body = Uint8Array.from(bytes);
  return () => requireUTF8(lenient.decode(body), body.length);
}

function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

it.each<[string, number[]]>([
  ["nothing", []],
  ["ASCII", bytesOf('{"a":1}')],
  ["characters of two, three and four bytes", bytesOf("é€🦦")],
  ["U+FFFD itself", bytesOf("a\ufffdb")],
  ["U+FEFF that is not the first character", bytesOf("a\ufeff")],
])("accepts %s as UTF-8", (_what, bytes) => {
  expect(check(bytes)).not.toThrow();
});

it.each<[string, number[]]>([
  ["a byte order mark", [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
  ["a byte that never occurs", [0x22, 0xff, 0x22]],
  ["Latin-1", [0x22, 0xe9, 0x22]],
  ["an overlong form", [0x22, 0xc0, 0xaf, 0x22]],
  ["a lone surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ["a character of three bytes without the last", [0x22, 0xe2, 0x82, 0x22]],
  ["a character of four bytes without the last two", [0x22, 0xf0, 0x9f, 0x22]],
  ["a bad byte beside U+FFFD", [...bytesOf("\ufffd"), 0xff]],
])("rejects %s", (_what, bytes) => {
  expect(check(bytes)).toThrow(expect.objectContaining({ reason: "parseError" }));
});

/** Code points by the number of their bytes, and around the surrogates. */
const codePoint = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc.integer({ min: 0x80, max: 0x7ff }),
  fc.integer({ min: 0x800, max: 0xd7ff }),
  fc.integer({ min: 0xe000, max: 0xffff }),
  fc.integer({ min: 0x10000, max: 0x10ffff }),
);
// `fc.string({ unit: "binary" })` builds a table of all code points, which takes seconds.
const anyText = fc.array(codePoint).map((points) => String.fromCodePoint(...points));

it("accepts every text as UTF-8", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(check(bytesOf(`.${text}`))).not.toThrow();
    }),
  );
});

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isUTF8(bytes: readonly number[]): boolean {
  try {
    strict.decode(Uint8Array.from(bytes));
    return true;
  } catch {
    return false;
  }
}

/** Bytes that are likely to begin or continue characters, or to be replaced. */
const byte = fc.oneof(
  fc.constantFrom(0x22, 0xc3, 0xe2, 0xed, 0xf0, 0xf4, 0xff, 0x80, 0x82, 0x8f, 0x9f, 0xbf),
  fc.nat(0xff),
);
const pieces = fc.array(
  fc.oneof(
    byte.map((one) => [one]),
    fc.constantFrom(bytesOf("é"), bytesOf("\ufffd")),
  ),
);

/** Four-byte characters without the last byte. */
const cut = /(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf](?![\x80-\xbf])/g;

it("accepts invalid bytes only when they are four-byte characters without the last byte", () => {
  fc.assert(
    fc.property(pieces, (list) => {
      const bytes = [0x22, ...list.flat()];
      const spared = Buffer.from(bytes).toString("latin1").replace(cut, "?");
      if (isUTF8([...Buffer.from(spared, "latin1")])) expect(check(bytes)).not.toThrow();
      else expect(check(bytes)).toThrow();
    }),
    { numRuns: 5000 },
  );
});

it("rejects a byte order mark unless replacements after it offset its length", () => {
  fc.assert(
    fc.property(pieces, (list) => {
      const bytes = bytesOf("\ufeff").concat(...list);
      const read = bytesOf(lenient.decode(Uint8Array.from(bytes)));
      if (isUTF8(bytes)) expect(read.length).toBe(bytes.length - 3);
      if (read.length === bytes.length) expect(check(bytes)).not.toThrow();
      else expect(check(bytes)).toThrow();
    }),
    { numRuns: 5000 },
  );
});
