import { MessageChannel } from "node:worker_threads";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ChannelClosedError } from "./channel.ts";
import { type Watched, watchLiveness } from "./liveness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watch(answers: () => Promise<void>, silentMs = 3000) {
  const kill = vi.fn();
  const onSilent = vi.fn();
  const channel = { ask: answers } as unknown as Watched["channel"];
  const stop = watchLiveness({ channel, kill }, silentMs, onSilent);
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

it("kills a process for which so many questions wait that no further one is sent", async () => {
  const refuses = () => Promise.reject(new Error("too many questions wait for the other process"));
  const { kill } = watch(refuses);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(kill).toHaveBeenCalledOnce();
});

it("does not kill a process whose channel has closed, because it ends by itself", async () => {
  const { kill } = watch(() => Promise.reject(new ChannelClosedError()));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(kill).not.toHaveBeenCalled();
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

it("reads the answers that have arrived before it kills a process", async () => {
  vi.useRealTimers();
  const { port1, port2 } = new MessageChannel();
  const pending: (() => void)[] = [];
  port2.on("message", () => {
    for (const answer of pending.splice(0)) answer();
  });
  const block = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  const ask = vi.fn(
    () =>
      new Promise<void>((resolve) => {
        pending.push(resolve);
        if (ask.mock.calls.length > 3) resolve();
        if (ask.mock.calls.length !== 3) return;
        // time: the answers arrive while this process is blocked beyond the next check
        setImmediate(() => {
          port1.postMessage("answers");
          block();
        });
      }),
  );
  const { kill, stop } = watch(ask, 30);
  await vi.waitUntil(() => ask.mock.calls.length > 3 || kill.mock.calls.length > 0);
  stop();
  port1.close();
  expect(kill).not.toHaveBeenCalled();
});
