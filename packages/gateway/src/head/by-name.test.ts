import { expect, it, vi } from "vitest";
import { byName } from "./by-name.ts";

it("a value is computed once for each name", () => {
  const compute = vi.fn((name: string) => name.startsWith("mcp-"));
  const value = byName(compute);
  expect([value("mcp-a"), value("b"), value("mcp-a"), value("b")]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(compute).toHaveBeenCalledTimes(2);
});

it("the values of at most 512 names are remembered, and none of a long name", () => {
  const compute = vi.fn(() => true);
  const value = byName(compute);
  const long = "x".repeat(65);
  value(long);
  value(long);
  expect(compute).toHaveBeenCalledTimes(2);
  for (let round = 0; round < 2; round += 1) {
    for (let index = 0; index < 520; index += 1) value(`x-${index}`);
  }
  expect(compute).toHaveBeenCalledTimes(2 + 520 + 8);
});
