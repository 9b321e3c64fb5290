import { expect, it, onTestFinished, vi } from "vitest";
import { atTime } from "./at-time.ts";
import { maxTimerMs } from "./max-timer.ts";

function fakeTime(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
}

it.each([1000, maxTimerMs, 3 * maxTimerMs])("a call at a time happens after %d ms", (ms) => {
  fakeTime();
  const called = vi.fn();
  atTime(Date.now() + ms, called);
  vi.advanceTimersByTime(ms - 1);
  expect(called).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(called).toHaveBeenCalledOnce();
});

it("a call at a time that has passed happens soon, and not at once", () => {
  fakeTime();
  const called = vi.fn();
  atTime(Date.now() - 5000, called);
  expect(called).not.toHaveBeenCalled();
  vi.advanceTimersByTime(0);
  expect(called).toHaveBeenCalledOnce();
});

it("a call at a time can be cancelled, and needs a time", () => {
  fakeTime();
  const called = vi.fn();
  atTime(Date.now() + 1000, called)();
  atTime(undefined, called)();
  vi.advanceTimersByTime(5000);
  expect(called).not.toHaveBeenCalled();
});
