/** Runs every seed of the fuzzer, among which are the inputs that once violated a property. */
import { describe, expect, it } from "vitest";
import { readSeeds } from "./corpus.ts";
import { mutateBytes } from "./mutate-bytes.ts";
import { mutateJSON } from "./mutate-json.ts";
import { Random } from "./random.ts";
import { runTarget } from "./target.ts";
import { targets } from "./targets.ts";

describe.each(targets)("$name", (target) => {
  it.each(readSeeds(target))("holds its properties for $file", async ({ bytes }) => {
    await expect((async () => runTarget(target, bytes))()).resolves.toBeUndefined();
  });
});

it("has seeds for every target, and none for others", () => {
  expect(targets.filter((target) => readSeeds(target).length === 0)).toEqual([]);
  expect(new Set(targets.map(({ name }) => name)).size).toBe(targets.length);
});

it("makes the same changes for the same number", () => {
  const changed = (seed: number) => {
    const material = { random: new Random(seed), dictionary: ["key"] };
    const bytes = mutateBytes(new Uint8Array(20), new Uint8Array([1, 2, 3]), material);
    return [mutateJSON({ a: [1, "x", { b: null }] }, { c: true }, material), bytes];
  };
  expect(changed(1)).toEqual(changed(1));
  expect(changed(1)).not.toEqual(changed(2));
});
