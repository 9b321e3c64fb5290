import fc from "fast-check";
import { expect, it } from "vitest";
import { createShares } from "./shares.ts";

it("distributes by weight in short runs, too", () => {
  const next = createShares([
    { to: "old", weight: 3 },
    { to: "new", weight: 1 },
  ]);
  expect(Array.from({ length: 8 }, next)).toEqual([
    ...["old", "old", "new", "old"],
    ...["old", "old", "new", "old"],
  ]);
});

it("picks each target as often as its weight in a full turn, and a weight of 0 never", () => {
  const weights = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(weights, (all) => {
      const total = all.reduce((sum, weight) => sum + weight, 0);
      fc.pre(total > 0 && all.length > 1);
      const next = createShares(all.map((weight, to) => ({ to, weight })));
      const counts = all.map(() => 0);
      for (let turn = 0; turn < total; turn += 1) {
        const to = next();
        counts[to] = (counts[to] ?? 0) + 1;
      }
      expect(counts).toEqual(all);
    }),
  );
});

it("throws without a target", () => {
  expect(() => createShares([])).toThrow(TypeError);
  const nobody = { to: 1, weight: 0 };
  expect(() => createShares([nobody, nobody])).toThrow(TypeError);
});
