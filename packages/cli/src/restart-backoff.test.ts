import { expect, it } from "vitest";
import { afterDeath, maxQuickDeaths, noRestarts, type RestartBackoff } from "./restart-backoff.ts";

const afterDeaths = (...served: number[]) =>
  served.reduce<RestartBackoff>((pace, ms) => afterDeath(pace, ms), noRestarts);

it("starts the first replacement after a tenth of a second", () => {
  expect(afterDeaths(5000).delayMs).toBe(100);
});

it("waits twice as long each time, up to five seconds", () => {
  const delays = [1, 2, 3, 4, 5, 6, 7, 8].map(
    (deaths) => afterDeaths(...Array<number>(deaths).fill(0)).delayMs,
  );
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
});

it("starts afresh after a replica that served for ten seconds", () => {
  expect(afterDeaths(0, 0, 0, 10_000).delayMs).toBe(100);
  expect(afterDeaths(0, 0, 0, 9999).delayMs).toBe(800);
});

it("counts deaths within the first second, one after the other", () => {
  expect(afterDeaths(0, 10, 999).quickDeaths).toBe(3);
  expect(afterDeaths(0, 10, 1000).quickDeaths).toBe(0);
  expect(afterDeaths(0, 0, 0, 0, 0).quickDeaths).toBe(maxQuickDeaths);
});
