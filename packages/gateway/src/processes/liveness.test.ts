import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Watched, watchLiveness } from "./liveness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watch(answers: () => Promise<void>) {
  const kill = vi.fn();
  const onSilent = vi.fn();
  const channel = { ask: answers } as unknown as Watched["channel"];
  const stop = watchLiveness({ channel, kill }, 3000, onSilent);
  return { kill, onSilent, stop };
}

const hangs = () => new Promise<void>(() => {});

it("kills a process that has answered nothing for the time, once", async () => {
  const { kill, onSilent } = watch(hangs);
  await vi.advanceTimersByTimeAsync(2999);
  expect(kill).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(kill).toHaveBeenCalledOnce();
  expect(onSilent).toHaveBeenCalledOnce();
});

it("does not kill a process that answers late, but answers", async () => {
  const answerMs = 1900;
  // time: the answer of the process, on fake timers
  const late = () => new Promise<void>((resolve) => void setTimeout(resolve, answerMs));
  const { kill } = watch(late);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(kill).not.toHaveBeenCalled();
});

it("asks no more once the watch has ended", async () => {
  const ask = vi.fn(hangs);
  const { kill, stop } = watch(ask);
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(ask).toHaveBeenCalledOnce();
  expect(kill).not.toHaveBeenCalled();
});
