import { expect, it } from "vitest";
import { createRestarts } from "./restarts.ts";

it("restarts at once after the first exit, then after growing pauses", () => {
  const restarts = createRestarts({ now: () => 0 });
  const delays: (number | undefined)[] = [];
  for (let exit = 0; exit < 7; exit += 1) {
    delays.push(restarts.nextDelayMs());
    restarts.record();
  }
  expect(delays).toEqual([0, 0, 100, 200, 400, 800, undefined]);
});

it("never waits longer than five seconds", () => {
  const restarts = createRestarts({ max: 100, now: () => 0 });
  for (let exit = 0; exit < 50; exit += 1) restarts.record();
  expect(restarts.nextDelayMs()).toBe(5000);
});

it("ignores exits before the window", () => {
  let now = 0;
  const restarts = createRestarts({ max: 0, windowMs: 1000, now: () => now });
  restarts.record();
  expect(restarts.nextDelayMs()).toBeUndefined();
  now = 1000;
  expect(restarts.nextDelayMs()).toBe(0);
});

it("returns the time until another restart is permitted", () => {
  let now = 0;
  const restarts = createRestarts({ max: 1, windowMs: 1000, now: () => now });
  restarts.record();
  expect(restarts.blockedMs()).toBe(0);
  now = 300;
  restarts.record();
  expect(restarts.blockedMs()).toBe(700);
  now = 1000;
  expect([restarts.blockedMs(), restarts.nextDelayMs()]).toEqual([0, 0]);
});

it.each([{ max: -1 }, { windowMs: 0 }, { delayMs: Number.NaN }])("refuses %o", (options) => {
  expect(() => createRestarts(options)).toThrow(TypeError);
});
