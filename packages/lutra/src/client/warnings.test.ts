import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { limitWarnings } from "./warnings.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("reports a hundred warnings a minute, and once that more are dropped", () => {
  const report = vi.fn();
  const warn = limitWarnings(report);
  for (let n = 0; n < 1000; n += 1) warn(`warning ${n}`, n);
  expect(report).toHaveBeenCalledTimes(101);
  expect(report.mock.calls[99]).toEqual(["warning 99", 99]);
  expect(report.mock.lastCall).toEqual(["too many warnings; more are dropped for a minute"]);
  vi.advanceTimersByTime(60_000);
  warn("another");
  expect(report.mock.lastCall).toEqual(["another", undefined]);
});

it("shortens long warnings", () => {
  const report = vi.fn();
  limitWarnings(report)("x".repeat(1_000_000));
  expect(report).toHaveBeenCalledExactlyOnceWith(`${"x".repeat(1000)}…`, undefined);
});
