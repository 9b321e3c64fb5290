import { expect, it } from "vitest";
import { LoadWindow, stepCount, stepMs } from "./load-window.ts";

const start = 1_000_000 * stepMs;

function windowAt(): { window: LoadWindow; pass: (ms: number) => void } {
  let now = start;
  const window = new LoadWindow(() => now);
  return {
    window,
    pass: (ms) => {
      now += ms;
    },
  };
}

it("reports rate and errors of the last minute", () => {
  const { window, pass } = windowAt();
  for (let at = 0; at < 60; at += 1) {
    window.observe(5, at % 10 === 0);
    pass(1000);
  }
  expect(window.load()).toMatchObject({ exchanges: 55, errors: 5 });
  expect(window.load().perSecond).toBeCloseTo(1, 5);
  pass(120_000);
  expect(window.load()).toMatchObject({ exchanges: 0, errors: 0, perSecond: 0, errorShare: 0 });
  expect(window.load().p50).toBeUndefined();
});

it("reports the rate since the start while that is less than a minute ago", () => {
  const { window, pass } = windowAt();
  pass(2000);
  for (let at = 0; at < 20; at += 1) window.observe(5, false);
  expect(window.load().perSecond).toBe(10);
});

it.each([
  ["equal durations", Array.from({ length: 100 }, () => 20), 20, 20],
  ["rising durations", Array.from({ length: 1000 }, (_none, at) => at + 1), 500, 950],
  ["few slow ones", [...Array.from({ length: 98 }, () => 2), 900, 900], 2, 2],
])("estimates percentiles within 20 %% for %s", (_name, durations, p50, p95) => {
  const { window } = windowAt();
  for (const ms of durations) window.observe(ms, false);
  const load = window.load();
  expect((load.p50 ?? 0) / p50).toBeGreaterThan(0.8);
  expect((load.p50 ?? 0) / p50).toBeLessThan(1.2);
  expect((load.p95 ?? 0) / p95).toBeGreaterThan(0.8);
  expect((load.p95 ?? 0) / p95).toBeLessThan(1.2);
});

it("counts durations of 0 and of hours", () => {
  const { window } = windowAt();
  window.observe(0, false);
  window.observe(1e9, false);
  expect(window.load().exchanges).toBe(2);
  expect(window.load().p99).toBeGreaterThan(100_000);
});

it("returns 10 minutes in steps, and forgets older ones", () => {
  const { window, pass } = windowAt();
  window.observe(5, true);
  pass(stepMs);
  window.observe(5, false);
  const series = window.series();
  expect(series).toHaveLength(stepCount);
  expect(series.at(-1)).toMatchObject({ at: start + stepMs, exchanges: 1, errors: 0 });
  expect(series.at(-2)).toMatchObject({ at: start, exchanges: 1, errors: 1 });
  pass(stepMs * (stepCount - 1));
  const later = window.series();
  expect(later[0]).toMatchObject({ at: start + stepMs, exchanges: 1 });
  expect(later.slice(1).every((step) => step.exchanges === 0)).toBe(true);
  window.observe(5, false);
  expect(window.series().at(-1)).toMatchObject({ exchanges: 1, errors: 0 });
});
