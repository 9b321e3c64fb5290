import { expect, it } from "vitest";
import { createSteadyClock } from "./steady-clock.ts";

const dayMs = 86_400_000;

/** A clock whose two sources the test moves. */
function clock() {
  const at = { wall: 1e12, monotonic: 5 };
  const now = createSteadyClock({ wall: () => at.wall, monotonic: () => at.monotonic });
  const pass = (ms: number) => {
    at.wall += ms;
    at.monotonic += ms;
  };
  return { at, now, pass };
}

it("a steady clock follows the system's time", () => {
  const { now, pass } = clock();
  expect(now()).toBe(1e12);
  pass(1000);
  expect(now()).toBe(1e12 + 1000);
});

it.each([2 / 24, 400])("a steady clock goes on when the time is set back by %d days", (days) => {
  const { at, now, pass } = clock();
  pass(1000);
  at.wall -= days * dayMs;
  pass(500);
  expect(now()).toBe(1e12 + 1500);
  pass(500);
  expect(now()).toBe(1e12 + 2000);
});

it("a steady clock is not set back after the time was set forward and back", () => {
  const { at, now, pass } = clock();
  at.wall += 10 * dayMs;
  const ahead = now();
  expect(ahead).toBe(1e12 + 10 * dayMs);
  at.wall -= 10 * dayMs;
  pass(7);
  expect(now()).toBe(ahead + 7);
});

it("a steady clock counts the time that a computer slept", () => {
  const { at, now } = clock();
  at.wall += dayMs;
  expect(now()).toBe(1e12 + dayMs);
});

it("returns whole milliseconds, and loses no part of them", () => {
  let monotonic = 0.25;
  const now = createSteadyClock({ wall: () => 1000, monotonic: () => monotonic });
  const read: number[] = [];
  for (let count = 0; count < 4; count += 1) {
    monotonic += 0.5;
    read.push(now());
  }
  expect(read).toEqual([1000, 1001, 1001, 1002]);
});
