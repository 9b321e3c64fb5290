import fc from "fast-check";
import { expect, it } from "vitest";
import { scaleTo } from "./scale.ts";

it.each([
  [0, 1, [0, 0.25, 0.5, 0.75, 1]],
  [3, 1, [0, 1, 2, 3]],
  [42, 1, [0, 20, 40, 60]],
  [1000, 1, [0, 250, 500, 750, 1000]],
])("puts round ticks below %s", (highest, least, ticks) => {
  expect(scaleTo(highest, least)).toEqual({ max: ticks.at(-1), ticks });
});

it("reaches the highest value with two to five ticks above zero", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e9, noNaN: true }), (highest) => {
      const { max, ticks } = scaleTo(highest);
      expect(max).toBeGreaterThanOrEqual(highest * (1 - 1e-6));
      expect(ticks.length).toBeGreaterThanOrEqual(3);
      expect(ticks.length).toBeLessThanOrEqual(6);
    }),
  );
});
