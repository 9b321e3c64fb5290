import { expect, it, vi } from "vitest";
import { filterInSlices } from "./in-slices.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
const isEven = (n: number) => n % 2 === 0;

it("short work returns at once", () => {
  expect(filterInSlices(numbers(10), isEven)).toEqual([0, 2, 4, 6, 8]);
  expect(filterInSlices([], isEven)).toEqual([]);
});

it("long work returns all items, and lets timers run in between", async () => {
  let now = 0;
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
  const seen: number[] = [];
  const slow = (n: number) => {
    now += 1;
    seen.push(n);
    return isEven(n);
  };
  const result = filterInSlices(numbers(100), slow);
  expect(seen).toHaveLength(16);
  expect(await result).toEqual(numbers(100).filter(isEven));
  expect(seen).toEqual(numbers(100));
  clock.mockRestore();
});
