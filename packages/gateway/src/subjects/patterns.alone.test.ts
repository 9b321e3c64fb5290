import { expect, it } from "vitest";
import { compilePatterns } from "./patterns.ts";

it("a pattern takes linear time for adversarial texts", () => {
  const fits = compilePatterns([`${"a*".repeat(40)}b`]);
  const start = performance.now();
  expect(fits("a".repeat(50_000))).toBe(false);
  expect(performance.now() - start).toBeLessThan(1000);
});
