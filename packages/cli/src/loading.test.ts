import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { slowLoadMs, untilLoaded } from "./loading.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("reports a module that is still loading, once, and goes on", async () => {
  const onSlow = vi.fn();
  let finish = (_exports: object) => {};
  const loading = new Promise<object>((resolve) => {
    finish = resolve;
  });
  const loaded = untilLoaded("a.ts", loading, onSlow);
  vi.advanceTimersByTime(slowLoadMs - 1);
  expect(onSlow).not.toHaveBeenCalled();
  vi.advanceTimersByTime(10 * slowLoadMs);
  expect(onSlow).toHaveBeenCalledTimes(1);
  finish({ default: 1 });
  expect(await loaded).toEqual({ default: 1 });
});

it("reports nothing after the end, and keeps no listener", async () => {
  const before = process.listenerCount("beforeExit");
  const onSlow = vi.fn();
  await untilLoaded("a.ts", Promise.resolve({}), onSlow);
  await expect(untilLoaded("a.ts", Promise.reject(new Error("no")), onSlow)).rejects.toThrow("no");
  vi.advanceTimersByTime(slowLoadMs);
  expect(onSlow).not.toHaveBeenCalled();
  expect(process.listenerCount("beforeExit")).toBe(before);
});
