import { expect, it, vi } from "vitest";
import { sendLive } from "./live.ts";

function liveOf(next: () => { event: string; data: unknown } | undefined) {
  const sent: unknown[] = [];
  const page = { isReading: true, asked: 0 };
  const leave = new AbortController();
  const ended = sendLive({
    send: (_event, data) => {
      sent.push(data);
    },
    isReading: () => {
      page.asked += 1;
      return page.isReading;
    },
    signal: leave.signal,
    everyMs: 1,
    next,
  });
  return { sent, page, leave: () => leave.abort(), ended };
}

it("sends the state at once, then every change, until the page disconnects", async () => {
  let state = 0;
  let told = -1;
  const live = liveOf(() => {
    if (told === state) return undefined;
    told = state;
    return { event: "state", data: state };
  });
  expect(live.sent).toEqual([0]);
  state = 1;
  await vi.waitFor(() => expect(live.sent).toEqual([0, 1]), { timeout: 15_000 });
  live.leave();
  await live.ended;
});

it("collects nothing for a page that does not read, and then sends the current state", async () => {
  let collected = 0;
  const live = liveOf(() => {
    collected += 1;
    return { event: "state", data: collected };
  });
  live.page.isReading = false;
  const [before, asked] = [collected, live.page.asked];
  await vi.waitFor(() => expect(live.page.asked).toBeGreaterThan(asked + 3), { timeout: 15_000 });
  expect(collected).toBe(before);
  live.page.isReading = true;
  await vi.waitFor(() => expect(live.sent.length).toBeGreaterThan(before), { timeout: 15_000 });
  expect(live.sent[before]).toBe(before + 1);
  live.leave();
  await live.ended;
});

it("sends a bounded number of events at once", async () => {
  const live = liveOf(() => ({ event: "more", data: "x" }));
  expect(live.sent).toHaveLength(20);
  live.leave();
  await live.ended;
});

it("ends for a page that has already left", async () => {
  const leave = new AbortController();
  leave.abort();
  const options = { send: () => {}, isReading: () => true, everyMs: 1, next: () => undefined };
  await expect(sendLive({ ...options, signal: leave.signal })).resolves.toBeUndefined();
});
