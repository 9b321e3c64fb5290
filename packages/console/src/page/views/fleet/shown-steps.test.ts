import { expect, it } from "vitest";
import { firstStep } from "./shown-steps.ts";

const series = (...busy: readonly number[]) =>
  Array.from({ length: 120 }, (_none, index) => ({ exchanges: busy.includes(index) ? 3 : 0 }));

it("leaves out the empty steps before the first request, but not the last 2 minutes", () => {
  expect(firstStep(series(40, 100))).toBe(39);
  expect(firstStep(series(0))).toBe(0);
  expect(firstStep(series(118))).toBe(95);
  expect(firstStep(series())).toBe(95);
});
