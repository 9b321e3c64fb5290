import fc from "fast-check";
import { expect, it } from "vitest";
import { createManualClock } from "../testing/manual-clock.ts";
import { createMemoryRateLimiter } from "./memory-rate-limiter.ts";
import type { RateDecision } from "./rate-limiter.ts";

function limiter(options: { requests: number; perMs: number; maxKeys?: number }) {
  const clock = createManualClock(0);
  const { take } = createMemoryRateLimiter({ ...options, now: clock.now });
  return { clock, take: (key: string, cost = 1) => take(key, cost) as RateDecision };
}

it("allows a burst of the whole allowance, and reports when more is available", () => {
  const { clock, take } = limiter({ requests: 3, perMs: 3000 });
  for (let count = 0; count < 3; count += 1) expect(take("a").allowed).toBe(true);
  expect(take("a")).toEqual({ allowed: false, retryAfterMs: 1000 });
  clock.advance(400);
  expect(take("a")).toEqual({ allowed: false, retryAfterMs: 600 });
  clock.advance(600);
  expect(take("a")).toEqual({ allowed: true, retryAfterMs: 0 });
  expect(take("a").allowed).toBe(false);
});

it("does not allow two bursts at the boundary of a window", () => {
  const { clock, take } = limiter({ requests: 10, perMs: 1000 });
  clock.advance(990);
  for (let count = 0; count < 10; count += 1) take("a");
  clock.advance(20);
  expect(take("a").allowed).toBe(false);
});

it("counts each key separately", () => {
  const { take } = limiter({ requests: 1, perMs: 1000 });
  expect(take("a").allowed).toBe(true);
  expect(take("b").allowed).toBe(true);
  expect(take("a").allowed).toBe(false);
});

it("takes nothing from the allowance when it refuses", () => {
  const { clock, take } = limiter({ requests: 2, perMs: 2000 });
  take("a");
  for (let count = 0; count < 50; count += 1) expect(take("a", 2).allowed).toBe(false);
  expect(take("a").allowed).toBe(true);
  clock.advance(2000);
  expect(take("a", 2).allowed).toBe(true);
});

it("restores a returned allowance, up to what was taken", () => {
  const { take } = limiter({ requests: 2, perMs: 2000 });
  take("a", 2);
  take("a", -1);
  expect(take("a").allowed).toBe(true);
  for (let count = 0; count < 9; count += 1) take("a", -1);
  expect(take("a", 3).allowed).toBe(false);
  expect(take("a", 2).allowed).toBe(true);
});

it("drops the least recently used key above its limit", () => {
  const { take } = limiter({ requests: 1, perMs: 1000, maxKeys: 2 });
  take("a");
  take("b");
  take("c");
  expect(take("c").allowed).toBe(false);
  expect(take("b").allowed).toBe(false);
  expect(take("a").allowed).toBe(true);
});

it("never allows more than the rate and one burst, however requests are spread", () => {
  const steps = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 200 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 7 }), (pauses, requests) => {
      const { clock, take } = limiter({ requests, perMs: 1000 });
      let allowed = 0;
      for (const pause of pauses) {
        clock.advance(pause);
        if (take("a").allowed) allowed += 1;
      }
      expect(allowed).toBeLessThanOrEqual(requests + (clock.now() * requests) / 1000 + 1e-6);
    }),
  );
});

it.each([
  ["requests", { requests: 0, perMs: 1 }],
  ["perMs", { requests: 1, perMs: Number.NaN }],
  ["maxKeys", { requests: 1, perMs: 1, maxKeys: -1 }],
])("refuses nonsense in %s", (name, options) => {
  expect(() => createMemoryRateLimiter(options)).toThrow(new RegExp(`^${name}: `));
});
