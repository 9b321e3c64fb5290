import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteBuffer } from "./byte-buffer.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

const chunks = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 20 });

function filled(parts: readonly Uint8Array[], buffer = new ByteBuffer()): ByteBuffer {
  for (const part of parts) buffer.append(part);
  return buffer;
}

describe("a byte buffer", () => {
  it("returns the bytes of all chunks in order, also after it was cleared", () => {
    fc.assert(
      fc.property(chunks, chunks, (first, second) => {
        const before = first.map((chunk) => chunk.slice());
        const buffer = filled(first);
        expect(Buffer.from(buffer.bytes())).toEqual(Buffer.concat(first));
        expect(buffer.length).toBe(Buffer.concat(first).length);
        buffer.clear();
        expect(buffer.length).toBe(0);
        filled(second, buffer);
        expect(Buffer.from(buffer.bytes())).toEqual(Buffer.concat(second));
        // The chunks belong to the caller.
        expect(first).toEqual(before);
      }),
    );
  });

  it("does not copy a single chunk", () => {
    const chunk = new Uint8Array([1, 2, 3]);
    expect(filled([chunk]).bytes()).toBe(chunk);
  });

  it("takes at most twice the memory of its bytes, for chunks of any size", () => {
    const buffer = new ByteBuffer();
    const one = new Uint8Array([7]);
    for (let count = 0; count < 100_000; count += 1) buffer.append(one);
    expect(buffer.length).toBe(100_000);
    expect(buffer.bytes().buffer.byteLength).toBeLessThanOrEqual(200_000);
    expect(buffer.bytes().every((byte) => byte === 7)).toBe(true);
  });

  it("keeps no chunk but the first, because a chunk of one byte occupies several hundred", async () => {
    const buffer = new ByteBuffer();
    const kept: WeakRef<Uint8Array>[] = [];
    for (let count = 0; count < 1000; count += 1) {
      const chunk = new Uint8Array([7]);
      kept.push(new WeakRef(chunk));
      buffer.append(chunk);
    }
    // A weak reference keeps its target until the end of the turn in which it was created.
    await new Promise((resolve) => setImmediate(resolve));
    gc();
    expect(kept.filter((one) => one.deref() !== undefined).length).toBeLessThanOrEqual(1);
    expect(buffer.length).toBe(1000);
  });
});
