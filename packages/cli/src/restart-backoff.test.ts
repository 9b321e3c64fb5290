import { expect, it } from "vitest";
import { afterDeath, maxQuickDeaths, noRestarts, type RestartBackoff } from "./restart-backoff.ts";

const afterDeaths = (...served: number[]) =>
  served.reduce<RestartBackoff>((backoff, ms) => afterDeath(backoff, ms), noRestarts);

it("waits 100 ms before the first restart", () => {
  expect(afterDeaths(5000).delayMs).toBe(100);
});

it("doubles the delay with each restart, up to five seconds", () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8].map(
    (deaths) => afterDeaths(...Array<number>(deaths).fill(0)).delayMs,
  );
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
});

it("starts over after a replica that served for ten seconds", () => {
  expect(afterDeaths(0, 0, 0, 10_000).delayMs).toBe(100);
  expect(afterDeaths(0, 0, 0, 9999).delayMs).toBe(800);
});

it("counts consecutive deaths within the first second", () => {
  expect(afterDeaths(0, 10, 999).quickDeaths).toBe(3);
  expect(afterDeaths(0, 10, 1000).quickDeaths).toBe(0);
  expect(afterDeaths(0, 0, 0, 0, 0).quickDeaths).toBe(maxQuickDeaths);
});
