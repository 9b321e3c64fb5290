import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { call, errors, form, retryOf, serverOf, textOf } from "../fixtures/asking.ts";
import { ToolError } from "../results.ts";
import type { StepInfo, StepOptions } from "./step-options.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

/** A server whose tool runs one step, and reports its outcome. */
function stepping(options: StepOptions, effect: (info: StepInfo) => unknown) {
  return serverOf(async (context) => {
    const outcome = await context
      .step("s", options, effect)
      .catch(({ name, message }) => `${name}: ${message}`);
    await context.elicit("q", form);
    return String(outcome);
  });
}

/** Calls a server and answers its question, while time passes. */
async function outcomeOf(server: ReturnType<typeof serverOf>): Promise<string | undefined> {
  const calling = call(server);
  await vi.advanceTimersByTimeAsync(300_000);
  const asked = await calling;
  return textOf(await call(server, retryOf(asked, { q: { action: "decline" } })));
}

describe("retries of a step", () => {
  it("run the effect again, with one key, until it succeeds", async () => {
    const tries: StepInfo[] = [];
    const server = stepping({ retries: 5 }, (info) => {
      tries.push(info);
      if (tries.length < 3) throw new Error("busy");
      return "done";
    });
    expect(await outcomeOf(server)).toBe("done");
    expect(tries.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(tries.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
  });

  it("end after their number, with the last error, which is remembered", async () => {
    let ran = 0;
    const server = stepping({ retries: 2 }, () => {
      ran += 1;
      throw new Error(`no ${ran}`);
    });
    expect(await outcomeOf(server)).toBe("StepError: no 3");
    expect(ran).toBe(3);
  });

  it("end at an error that makes further tries senseless", async () => {
    let ran = 0;
    const retryIf = (error: unknown) => !(error instanceof ToolError);
    const server = stepping({ retries: 9, retryIf }, () => {
      ran += 1;
      throw ran === 1 ? new Error("busy") : new ToolError("no such place");
    });
    expect(await outcomeOf(server)).toBe("ToolError: no such place");
    expect(ran).toBe(2);
  });

  it("wait longer each time, up to a maximum", async () => {
    const times: number[] = [];
    const backoff = { baseMs: 100, maxMs: 400 };
    const server = stepping({ retries: 4, backoff }, () => {
      times.push(Date.now());
      throw new Error("busy");
    });
    await outcomeOf(server);
    const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    for (const [index, longest] of [100, 200, 400, 400].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(longest / 2);
      expect(pauses[index]).toBeLessThanOrEqual(longest);
    }
  });

  it("end when the request is aborted", async () => {
    let ran = 0;
    const server = stepping({ retries: 9 }, () => {
      ran += 1;
      throw new Error("busy");
    });
    const controller = new AbortController();
    const calling = call(server, {}, { signal: controller.signal });
    await vi.waitUntil(() => ran === 1);
    controller.abort();
    await vi.advanceTimersByTimeAsync(60_000);
    expect((await calling).resultType).toBe("input_required");
    expect(ran).toBe(1);
  });
});

describe("the timeout of a step", () => {
  it("aborts the signal of the try, even if the effect ignores it", async () => {
    const signals: AbortSignal[] = [];
    const server = stepping({ timeoutMs: 50, retries: 1 }, ({ signal }) => {
      signals.push(signal);
      return signals.length === 1 ? new Promise(() => {}) : "in time";
    });
    expect(await outcomeOf(server)).toBe("in time");
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  });

  it("is the error of the step after the last try", async () => {
    const server = stepping({ timeoutMs: 50 }, () => new Promise(() => {}));
    expect(await outcomeOf(server)).toBe("StepError: not done within 50 milliseconds");
  });
});

it.each<[string, StepOptions]>([
  ["retries: expected an integer of at least 0", { retries: -1 }],
  ["retries: expected an integer of at least 0", { retries: 1.5 }],
  ["timeoutMs: expected more than 0", { timeoutMs: 0 }],
  ["backoff: expected 0 or more", { backoff: { baseMs: -1 } }],
])("invalid options are refused: %s", async (reason, options) => {
  const server = serverOf((context) => context.step("s", options, () => 1));
  expect(await call(server)).toMatchObject({ isError: true });
  expect(errors).toEqual([new TypeError(`step "s": ${reason}`)]);
});
