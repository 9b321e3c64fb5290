import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import type { EventBus } from "../stores/event-bus.ts";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import { Channel } from "./channel.ts";
import { PendingAnswers } from "./pending-answers.ts";

const request = { method: "roots/list", params: {} };

function create(bus: EventBus = createMemoryEventBus()) {
  return new PendingAnswers(new Channel(bus, () => {}));
}

/** Asks, and resolves once the request is sent. */
async function ask(answers: PendingAnswers, key = "s") {
  const controller = new AbortController();
  const sent: JSONObject[] = [];
  let isSent = () => {};
  const first = new Promise<void>((resolve) => {
    isSent = resolve;
  });
  const send = (message: object) => {
    sent.push(message as JSONObject);
    isSent();
  };
  const answer = answers.ask(key, request, { send, signal: controller.signal });
  answer.catch(() => {});
  await first;
  return { answer, sent, controller, id: sent[0]?.id as string };
}

describe("PendingAnswers", () => {
  it("resolves to the result of the answer", async () => {
    const answers = create();
    const { answer, sent, id } = await ask(answers);
    expect(sent).toEqual([{ jsonrpc: "2.0", id: expect.any(String), ...request }]);
    expect(await answers.receive("s", { id, result: { roots: [] } })).toBe(true);
    expect(await answer).toEqual({ roots: [] });
  });

  it.each([
    [{ code: -1, message: "no" }, "-1: no"],
    ["broken", "an error"],
    [null, "an error"],
  ])("fails with the error of the client: %j", async (error, detail) => {
    const answers = create();
    const { answer, id } = await ask(answers);
    await answers.receive("s", { id, error });
    await expect(answer).rejects.toThrow(`The client refused roots/list (${detail})`);
  });

  it("resolves to no roots when the client does not implement its capability", async () => {
    const answers = create();
    const { answer, id } = await ask(answers);
    await answers.receive("s", { id, error: { code: -32601, message: "Method not found" } });
    expect(await answer).toEqual({ roots: [] });
  });

  it("withdraws the request when it is aborted", async () => {
    const answers = create();
    const { answer, sent, controller, id } = await ask(answers);
    controller.abort();
    await expect(answer).rejects.toThrow();
    expect(sent[1]).toMatchObject({ method: "notifications/cancelled", params: { requestId: id } });
  });

  it("does not withdraw a request that was answered", async () => {
    const answers = create();
    const { answer, sent, controller, id } = await ask(answers);
    await answers.receive("s", { id, result: {} });
    await answer;
    controller.abort();
    expect(sent).toHaveLength(1);
  });

  it.each(["x", "__proto__", 1, null, undefined, {}, ""])(
    "refuses the answer to no request: %j",
    async (id) => {
      await expect(create().receive("s", { id, result: {} })).rejects.toMatchObject({
        code: -32602,
      });
    },
  );

  it("refuses the answer of another session", async () => {
    const answers = create();
    const { id, answer } = await ask(answers);
    await expect(answers.receive("other", { id, result: { roots: "forged" } })).rejects.toThrow();
    await answers.receive("s", { id, result: {} });
    expect(await answer).toEqual({});
  });

  it("lets a session wait for at most 100 answers", async () => {
    const answers = create();
    await Promise.all(Array.from({ length: 100 }, () => ask(answers)));
    const signal = new AbortController().signal;
    await expect(answers.ask("s", request, { send: () => {}, signal })).rejects.toThrow(
      "100 unanswered requests, the maximum",
    );
    const { id, answer } = await ask(answers, "other");
    await answers.receive("other", { id, result: {} });
    expect(await answer).toEqual({});
  });
});

describe("the time for an answer", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("ends after an hour, and the request is withdrawn", async () => {
    const { answer, sent } = await ask(create());
    await vi.advanceTimersByTimeAsync(3_600_000);
    await expect(answer).rejects.toThrow("no answer within 3600 s");
    expect(sent[1]).toMatchObject({ method: "notifications/cancelled" });
  });
});

describe("an answer that arrives at another replica", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is passed on", async () => {
    const bus = createMemoryEventBus();
    const [one, two] = [create(bus), create(bus)];
    const { answer, id } = await ask(one);
    expect(await two.receive("s", { id, result: { roots: [] } })).toBe(true);
    expect(await answer).toEqual({ roots: [] });
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is passed on after the bus was lost for seven seconds", async () => {
    const bus = createMemoryEventBus();
    let isLost = true;
    const lossy: EventBus = {
      ...bus,
      publish: (...args) => (isLost ? Promise.reject(new Error("lost")) : bus.publish(...args)),
    };
    const [one, two] = [create(bus), create(lossy)];
    const { answer, id } = await ask(one);
    await two.receive("s", { id, result: {} });
    await vi.advanceTimersByTimeAsync(7000);
    isLost = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(await answer).toEqual({});
  });

  it("is given up when no replica waits for it", async () => {
    const bus = createMemoryEventBus();
    const { id, controller, answer } = await ask(create(bus));
    controller.abort();
    await expect(answer).rejects.toThrow();
    const published = vi.spyOn(bus as { publish: EventBus["publish"] }, "publish");
    await create(bus).receive("s", { id, result: {} });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(published).toHaveBeenCalledTimes(5);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is passed on once, though it arrives several times", async () => {
    const bus = createMemoryEventBus();
    const { id, controller } = await ask(create(bus));
    controller.abort();
    const other = create(bus);
    const published = vi.spyOn(bus as { publish: EventBus["publish"] }, "publish");
    for (let turn = 0; turn < 10; turn += 1) await other.receive("s", { id, result: {} });
    expect(published).toHaveBeenCalledTimes(1);
  });

  it("is refused when those on their way have 32 MiB", async () => {
    const bus = createMemoryEventBus();
    const [one, two] = [create(bus), create(bus)];
    const asked = await Promise.all(Array.from({ length: 5 }, () => ask(one)));
    for (const { controller } of asked) controller.abort();
    const result = { text: "x".repeat(8_000_000) };
    const accepted: boolean[] = [];
    for (const { id } of asked) accepted.push(await two.receive("s", { id, result }));
    expect(accepted).toEqual([true, true, true, true, false]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await two.receive("s", { id: asked[4]?.id, result })).toBe(true);
  });
});
