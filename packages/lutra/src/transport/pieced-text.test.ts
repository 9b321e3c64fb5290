import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { PiecedText } from "./pieced-text.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

function usedBytes(): number {
  gc();
  return getHeapStatistics().used_heap_size;
}

it("takes the memory of its text, however small the pieces are", () => {
  const count = 400_000;
  const text = new PiecedText();
  const before = usedBytes();
  for (let piece = 0; piece < count; piece += 1)
    text.push(String(1000 + (piece % 9000)).slice(0, 3));
  const bytes = usedBytes() - before;
  expect(text.length).toBe(3 * count);
  // A piece of its own takes 24 bytes or more, and its place in a list 8.
  expect(bytes).toBeLessThan(4 * 3 * count);
  expect(text.take()).toHaveLength(3 * count);
});
