import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { JSONObject } from "../protocol/json.ts";
import type { EventBus } from "../stores/event-bus.ts";
import { createMemoryEventBus } from "../stores/memory-event-bus.ts";
import { Channel } from "./channel.ts";
import { type CutBus, createCutBuses } from "./fixtures/cut-bus.ts";
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

/** Starts passing an answer on. Resolves once the answer was sent, or could not be. */
async function relay(answers: PendingAnswers, response: JSONObject) {
  const timers = vi.getTimerCount();
  const received = answers.receive("s", response);
  await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(timers));
  return { received };
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

  it("is passed on once its replica can send again, also after 40 seconds", async () => {
    const [owner, relaying] = createCutBuses(2) as [CutBus, CutBus];
    const [one, two] = [create(owner), create(relaying)];
    const { answer, id } = await ask(one);
    relaying.cut();
    const { received } = await relay(two, { id, result: {} });
    await vi.advanceTimersByTimeAsync(40_000);
    expect(await received).toBe(true);
    relaying.mend();
    expect(await answer).toEqual({});
    await vi.advanceTimersByTimeAsync(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is passed on when the bus was interrupted again before it could be sent", async () => {
    const [owner, relaying] = createCutBuses(2) as [CutBus, CutBus];
    const { answer, id } = await ask(create(owner));
    relaying.cut();
    await relay(create(relaying), { id, result: {} });
    await vi.advanceTimersByTimeAsync(7000);
    owner.cut();
    relaying.mend();
    await vi.advanceTimersByTimeAsync(11_000);
    owner.mend();
    expect(await answer).toEqual({});
  });

  it("is passed on as soon as the replica that waits is connected again", async () => {
    const [owner, relaying] = createCutBuses(2) as [CutBus, CutBus];
    const { answer, id } = await ask(create(owner));
    owner.cut();
    await relay(create(relaying), { id, result: {} });
    await vi.advanceTimersByTimeAsync(10_000);
    owner.mend();
    await vi.advanceTimersByTimeAsync(0);
    expect(await answer).toEqual({});
  });

  it("is accepted once the replica that waits has taken it", async () => {
    const [owner, relaying] = createCutBuses(2) as [CutBus, CutBus];
    const { answer, id } = await ask(create(owner));
    owner.cut();
    const accepted = vi.fn();
    const { received } = await relay(create(relaying), { id, result: {} });
    void received.then(accepted);
    await vi.advanceTimersByTimeAsync(900);
    expect(accepted).not.toHaveBeenCalled();
    owner.mend();
    await answer;
    await vi.advanceTimersByTimeAsync(0);
    expect(accepted).toHaveBeenCalledExactlyOnceWith(true);
  });

  it("is given up when no replica waits for it", async () => {
    const bus = createMemoryEventBus();
    const { id, controller, answer } = await ask(create(bus));
    controller.abort();
    await expect(answer).rejects.toThrow();
    const published = vi.spyOn(bus as { publish: EventBus["publish"] }, "publish");
    const { received } = await relay(create(bus), { id, result: {} });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await received).toBe(true);
    expect(published).toHaveBeenCalledTimes(7);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is passed on once, though it arrives several times", async () => {
    const bus = createMemoryEventBus();
    const { id, controller } = await ask(create(bus));
    controller.abort();
    const other = create(bus);
    const published = vi.spyOn(bus as { publish: EventBus["publish"] }, "publish");
    for (let turn = 0; turn < 10; turn += 1) void other.receive("s", { id, result: {} });
    await vi.waitFor(() => expect(published).toHaveBeenCalled());
    expect(published).toHaveBeenCalledTimes(1);
  });

  it("is refused when those on their way have 32 MiB", async () => {
    const bus = createMemoryEventBus();
    const [one, two] = [create(bus), create(bus)];
    const asked = await Promise.all(Array.from({ length: 5 }, () => ask(one)));
    for (const { controller } of asked) controller.abort();
    const result = { text: "x".repeat(8_000_000) };
    const accepted: boolean[] = [];
    const receive = (id: string) =>
      void two.receive("s", { id, result }).then((isAccepted) => accepted.push(isAccepted));
    for (const { id } of asked) receive(id);
    await vi.waitFor(() => expect(accepted).toHaveLength(5), 5000);
    expect(accepted.filter((isAccepted) => !isAccepted)).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(60_000);
    receive(String(asked[0]?.id));
    await vi.waitFor(() => expect(accepted).toHaveLength(6), 5000);
    expect(accepted.at(-1)).toBe(true);
  });
});
