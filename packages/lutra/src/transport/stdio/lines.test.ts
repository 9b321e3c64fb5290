import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { createLineReader } from "./lines.ts";

const encoder = new TextEncoder();

/** Reads `bytes` in chunks that end at `cuts`. */
function read(bytes: Uint8Array, cuts: readonly number[] = [], maxLineBytes?: number) {
  const lines: string[] = [];
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const onTooLong = vi.fn();
  const reader = createLineReader({
    onLine: (line) => lines.push(decoder.decode(line)),
    onTooLong,
    ...(maxLineBytes === undefined ? {} : { maxLineBytes }),
  });
  let start = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    reader.push(bytes.subarray(start, cut));
    start = cut;
  }
  reader.push(bytes.subarray(start));
  return { lines, tooLong: onTooLong.mock.calls.length, end: reader.end };
}

const line = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 40 })
  .map((text) => text.replace(/[\r\n]/g, " "));
const lineEnd = fc.constantFrom("\n", "\r\n", "\n\n", "\r\n\r\n");

describe("a line reader", () => {
  it("reports the same lines for any chunks, also within a character", () => {
    const cuts = fc.array(fc.nat(2000));
    fc.assert(
      fc.property(fc.array(fc.tuple(line, lineEnd)), cuts, (parts, at) => {
        const bytes = encoder.encode(parts.flat().join(""));
        const inside = at.filter((cut) => cut <= bytes.length);
        expect(read(bytes, inside).lines).toEqual(parts.map(([text]) => text));
      }),
    );
  });

  it("reports the same lines byte by byte", () => {
    const bytes = encoder.encode('{"a":"\u00e9\u{1f9a6}"}\r\n{"b":2}\n');
    const everywhere = [...bytes.keys()];
    expect(read(bytes, everywhere).lines).toEqual(['{"a":"\u00e9\u{1f9a6}"}', '{"b":2}']);
  });

  it("ignores empty lines, and a carriage return before a newline only", () => {
    expect(read(encoder.encode("\n\r\n\n a\rb\r\r\n\n")).lines).toEqual([" a\rb\r"]);
  });

  it("reports an unterminated line at the end of the stream", () => {
    const { lines, end } = read(encoder.encode("whole\npart"));
    expect(lines).toEqual(["whole"]);
    end();
    end();
    expect(lines).toEqual(["whole", "part"]);
  });
});

describe("a line that is too long", () => {
  it("is skipped and reported once, and the next line is read", () => {
    const texts = fc.array(fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 30 }));
    const cuts = fc.array(fc.nat(600));
    fc.assert(
      fc.property(texts, cuts, (all, at) => {
        const bytes = encoder.encode(all.map((text) => `${text}\n`).join(""));
        const { lines, tooLong } = read(
          bytes,
          at.filter((cut) => cut <= bytes.length),
          10,
        );
        expect(lines).toEqual(all.filter((text) => text.length <= 10));
        expect(tooLong).toBe(all.filter((text) => text.length > 10).length);
      }),
    );
  });

  it("is reported before its end is known", () => {
    expect(read(encoder.encode("12345"), [], 4).tooLong).toBe(1);
  });

  it("is dropped at the end of the stream", () => {
    const { lines, end } = read(encoder.encode("12345"), [], 4);
    end();
    expect(lines).toEqual([]);
  });

  it("may have as many bytes as the limit", () => {
    expect(read(encoder.encode("1234\n12\u00e9\n"), [], 4)).toMatchObject({
      lines: ["1234", "12\u00e9"],
      tooLong: 0,
    });
  });

  it.each([0, -1, Number.NaN])("cannot have the limit %d", (maxLineBytes) => {
    expect(() => read(encoder.encode(""), [], maxLineBytes)).toThrow(TypeError);
  });
});

it("copies each byte a constant number of times, however small the chunks", () => {
  const set = vi.spyOn(Uint8Array.prototype, "set");
  const size = 1_000_000;
  const reader = createLineReader({ onLine: () => {}, onTooLong: () => {} });
  const chunk = new Uint8Array(100).fill(0x61);
  for (let sent = 0; sent < size; sent += chunk.length) reader.push(chunk);
  const copied = set.mock.calls.reduce((sum, [source]) => sum + source.length, 0);
  set.mockRestore();
  expect(copied).toBeLessThan(3 * size);
});
