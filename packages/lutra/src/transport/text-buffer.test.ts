import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TextBuffer } from "./text-buffer.ts";

/** Cuts bytes into chunks of the given sizes, in a cycle. */
function chunksOf(bytes: Uint8Array, sizes: readonly number[]): readonly Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const size = sizes[chunks.length % sizes.length] as number;
    chunks.push(bytes.slice(start, start + size));
    start += size;
  }
  return chunks;
}

describe("a text buffer", () => {
  it("returns the text of all chunks, which may end within a character", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 5 });
    const buffer = new TextBuffer();
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), sizes, (unit, some) => {
        const text = unit.repeat(Math.ceil(200_000 / unit.length));
        const bytes = new TextEncoder().encode(text);
        for (const chunk of chunksOf(
          bytes,
          some.map((size) => size + 100),
        ))
          buffer.append(chunk);
        expect(buffer.length).toBe(bytes.length);
        expect(buffer.take() === text).toBe(true);
        expect(buffer.length).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it.each([[1], [40_000]])("throws for bytes that are not UTF-8, in %i chunks", (count) => {
    const buffer = new TextBuffer();
    const fill = () => {
      for (let index = 0; index < count; index += 1) buffer.append(new Uint8Array([0x61, 0xff]));
      buffer.take();
    };
    expect(fill).toThrow(TypeError);
  });

  it.each([[0], [40_000]])("throws for an end within a character, after %i bytes", (count) => {
    const buffer = new TextBuffer();
    buffer.append(new Uint8Array(count).fill(0x61));
    buffer.append(new Uint8Array([0xe2, 0x82]));
    expect(() => buffer.take()).toThrow(TypeError);
  });
});
