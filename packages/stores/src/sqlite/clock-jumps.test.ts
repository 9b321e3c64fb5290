import { expect, it } from "vitest";
import { ClockJumps } from "./clock-jumps.ts";

function clocks() {
  const time = { wall: 1_000_000, monotonic: 0 };
  const jumps = new ClockJumps({
    now: () => time.wall,
    maxGapMs: 4000,
    monotonic: () => time.monotonic,
  });
  const pass = (monotonicMs: number, wallMs = monotonicMs) => {
    time.monotonic += monotonicMs;
    time.wall += wallMs;
    return jumps.check();
  };
  jumps.check();
  return { jumps, pass };
}

it.each([
  ["set ahead", 500, 60_000, false],
  ["set back", 500, -60_000, true],
  ["that went on while the process was paused", 5000, 5000, false],
])("notices a clock %s, and that it is steady again", (_what, monotonicMs, wallMs, isBack) => {
  const { jumps, pass } = clocks();
  expect(pass(monotonicMs, wallMs)).toBe(isBack);
  expect(jumps.isSteadyFor(10_000)).toBe(false);
  for (let n = 0; n < 19; n += 1) expect(pass(500)).toBe(false);
  expect(jumps.isSteadyFor(10_000)).toBe(false);
  pass(500);
  expect(jumps.isSteadyFor(10_000)).toBe(true);
});

it("tolerates a clock that is corrected slowly", () => {
  const { jumps, pass } = clocks();
  for (let n = 0; n < 100; n += 1) expect(pass(500, n % 2 === 0 ? 100 : 900)).toBe(false);
  expect(jumps.isSteadyFor(10_000)).toBe(true);
});
