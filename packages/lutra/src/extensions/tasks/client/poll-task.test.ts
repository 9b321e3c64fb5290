import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../../../protocol/errors.ts";
import { TransportError } from "../../../protocol/transport-error.ts";
import type { DetailedTask } from "../protocol.ts";
import { type PolledTask, pollTask, taskResult } from "./poll-task.ts";

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => vi.useRealTimers());

const time = new Date(0).toISOString();
const info = { taskId: "1", createdAt: time, lastUpdatedAt: time, ttlMs: null };
const working: DetailedTask = { ...info, status: "working", pollIntervalMs: 100 };
const asking: DetailedTask = { ...info, status: "input_required", inputRequests: {} };
const completed: DetailedTask = { ...info, status: "completed", result: { content: [] } };
const cancelled: DetailedTask = { ...info, status: "cancelled", statusMessage: "stopped" };
const failed: DetailedTask = { ...info, status: "failed", error: { code: -32602, message: "no" } };

/** A task whose polls are answered in this order; the last answer repeats. */
function polled(answers: readonly (DetailedTask | Error)[], init: Partial<PolledTask> = {}) {
  const polledAt: number[] = [];
  const controller = new AbortController();
  const task: PolledTask = {
    taskId: "1",
    signal: controller.signal,
    now: Date.now,
    random: () => 0,
    get: async () => {
      const answer = answers[Math.min(polledAt.length, answers.length - 1)] as DetailedTask | Error;
      polledAt.push(Date.now());
      if (answer instanceof Error) throw answer;
      return answer;
    },
    ...init,
  };
  return { task, polledAt, abort: () => controller.abort() };
}

/** Waits for the result of a task, and counts the calls of its waiter. */
function waitFor(task: PolledTask) {
  const waiter = { onInput: vi.fn(), onLeft: vi.fn() };
  const result = taskResult(task, waiter);
  result.catch(() => {});
  return { ...waiter, result };
}

const closed = () => new TransportError("closed", "gone");

describe("polling", () => {
  it("the first poll is sent immediately without a seed, and after the suggested pause with one", async () => {
    const unseeded = polled([completed]);
    await taskResult(unseeded.task, { onInput: () => {}, onLeft: () => {} });
    expect(unseeded.polledAt).toEqual([0]);

    const seeded = polled([completed], { seed: working });
    const { result } = waitFor(seeded.task);
    await vi.advanceTimersByTimeAsync(1000);
    await result;
    expect(seeded.polledAt).toEqual([100]);
  });

  it("polls are one second apart if the server suggests no interval", async () => {
    const { task, polledAt } = polled([asking, completed]);
    const { result } = waitFor(task);
    await vi.advanceTimersByTimeAsync(5000);
    await result;
    expect(polledAt).toEqual([0, 1000]);
  });

  it("polling yields each state once, and the terminal state last", async () => {
    const { task } = polled([working, working, asking, asking, completed]);
    const states: string[] = [];
    const polling = (async () => {
      for await (const { status } of pollTask(task)) states.push(status);
    })();
    await vi.advanceTimersByTimeAsync(5000);
    await polling;
    expect(states).toEqual(["working", "input_required", "completed"]);
  });

  it("a pushed state replaces a poll", async () => {
    const { task, polledAt } = polled([working], {
      seed: working,
      nextPush: async () => completed,
    });
    expect(await waitFor(task).result).toEqual({ content: [] });
    expect(polledAt).toEqual([]);
  });

  it("polling rejects a result for another task", async () => {
    const { task } = polled([{ ...completed, taskId: "2" }]);
    await expect(waitFor(task).result).rejects.toMatchObject({ reason: "malformed" });
  });
});

describe("failures of polls", () => {
  it("transient failures are retried after growing pauses, up to the eighth in a row", async () => {
    const { task, polledAt } = polled([closed()]);
    const { result, onLeft } = waitFor(task);
    await vi.advanceTimersByTimeAsync(60_000);
    await expect(result).rejects.toMatchObject({ reason: "closed" });
    expect(polledAt).toEqual([0, 500, 1500, 3500, 7500, 15_500, 25_500, 35_500]);
    expect(onLeft).toHaveBeenCalledTimes(1);
  });

  it("transient failures are retried without end if their number is not limited", async () => {
    const failures = Array.from({ length: 20 }, closed);
    const { task } = polled([...failures, completed], { maxFailures: Number.POSITIVE_INFINITY });
    const { result } = waitFor(task);
    await vi.advanceTimersByTimeAsync(300_000);
    expect(await result).toEqual({ content: [] });
  });

  it("a successful poll resets the count of failures", async () => {
    const seven = Array.from({ length: 7 }, closed);
    const { task } = polled([...seven, working, ...seven, completed]);
    const { result } = waitFor(task);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(await result).toEqual({ content: [] });
  });

  it("an error in the request is not retried", async () => {
    const { task, polledAt } = polled([new ProtocolError("invalidParams", "unknown")]);
    const { result, onLeft } = waitFor(task);
    await expect(result).rejects.toMatchObject({ reason: "invalidParams" });
    expect(polledAt).toEqual([0]);
    expect(onLeft).toHaveBeenCalledTimes(1);
  });
});

describe("the end of the waiting", () => {
  it.each([
    ["a cancelled task", cancelled, { name: "TaskError", reason: "cancelled", message: "stopped" }],
    ["a failed task", failed, { name: "ProtocolError", reason: "invalidParams", message: "no" }],
  ])("the result of %s rejects, and onLeft is not called", async (_end, state, error) => {
    const { result, onLeft } = waitFor(polled([state]).task);
    await expect(result).rejects.toMatchObject(error);
    expect(onLeft).not.toHaveBeenCalled();
  });

  it("the result of a task that outlives its time to live rejects, and onLeft is not called", async () => {
    const { result, onLeft } = waitFor(polled([{ ...working, ttlMs: 1000 }]).task);
    await vi.advanceTimersByTimeAsync(1100);
    await expect(result).rejects.toMatchObject({ name: "TaskError", reason: "expired" });
    expect(onLeft).not.toHaveBeenCalled();
  });

  it("onLeft is called when onInput throws", async () => {
    const refusal = new Error("no input");
    const { task } = polled([asking]);
    const onLeft = vi.fn();
    const onInput = () => {
      throw refusal;
    };
    await expect(taskResult(task, { onInput, onLeft })).rejects.toBe(refusal);
    expect(onLeft).toHaveBeenCalledTimes(1);
  });

  it.each([
    ["a pause", polled([working])],
    ["a poll without an answer", polled([], { get: () => new Promise(() => {}) })],
    ["a pause after a failure", polled([closed()])],
  ])("onLeft is called when the signal aborts %s", async (_when, { task, abort }) => {
    const { result, onLeft } = waitFor(task);
    await vi.advanceTimersByTimeAsync(50);
    abort();
    await expect(result).rejects.toMatchObject({ name: "TransportError", reason: "aborted" });
    expect(onLeft).toHaveBeenCalledTimes(1);
  });
});
