import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { call, errors, form, retryOf, serverOf, textOf } from "../fixtures/asking.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

describe("context.sleep within a request", () => {
  it("waits, and only for the rest of the time in a replay", async () => {
    const times: number[] = [];
    const server = serverOf(async (context) => {
      const [{ action }] = await Promise.all([
        context.elicit("q", form),
        context.sleep("pause", 60_000).then(() => times.push(Date.now())),
      ]);
      return action;
    });
    const begun = Date.now();
    const asked = await call(server);
    await vi.advanceTimersByTimeAsync(45_000);
    const calling = call(server, retryOf(asked, { q: { action: "decline" } }));
    await vi.advanceTimersByTimeAsync(14_000);
    expect(times).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(textOf(await calling)).toBe("decline");
    expect(times).toEqual([begun + 60_000]);
  });

  it("may be repeated under one name, one after the other", async () => {
    const server = serverOf(async (context) => {
      for (let n = 0; n < 3; n += 1) await context.sleep("pause", 1000);
      await context.elicit("q", form);
      return "done";
    });
    const begun = Date.now();
    const calling = call(server);
    for (let n = 0; n < 3; n += 1) {
      while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(1000);
    }
    const asked = await calling;
    expect(Date.now() - begun).toBe(3000); // time: fake timers
    expect(textOf(await call(server, retryOf(asked, { q: { action: "decline" } })))).toBe("done");
  });

  it("refuses a name that is in use, and a negative time", async () => {
    const twice = serverOf((context) =>
      Promise.all([context.sleep("a", 10), context.sleep("a", 10)]),
    );
    const message = 'sleep "a": used twice at the same time';
    await expect(call(twice)).rejects.toMatchObject({ code: -32603, message });
    const negative = await call(serverOf((context) => context.sleep("a", -1)));
    expect(negative).toMatchObject({ isError: true });
    expect(errors).toEqual([new TypeError('sleep "a": expected 0 or more milliseconds')]);
  });

  it("ends when the request is aborted", async () => {
    const controller = new AbortController();
    const server = serverOf((context) => context.sleep("long", 1e9));
    const calling = call(server, {}, { signal: controller.signal });
    await vi.advanceTimersByTimeAsync(1000);
    controller.abort();
    await expect(calling).rejects.toThrow();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("leaves no timer when the handler returns before its end", async () => {
    const server = serverOf((context) =>
      Promise.race([context.sleep("limit", 60_000), context.step("s", () => "first")]),
    );
    expect(textOf(await call(server))).toBe("first");
    expect(vi.getTimerCount()).toBe(0);
  });
});
