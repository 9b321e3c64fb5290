import fc from "fast-check";
import { expect, it } from "vitest";
import { ExchangeRing } from "./exchange-ring.ts";
import { exchangeOf } from "./fixtures/exchange-of.ts";
import { bytesOf } from "./recent-exchange.ts";

function ringOf(count: number, bounds: { max?: number; maxBytes?: number } = {}): ExchangeRing {
  const ring = new ExchangeRing({ max: 5, maxBytes: 1_000_000, ...bounds });
  for (let at = 0; at < count; at += 1) ring.add(exchangeOf({ id: ring.nextId }));
  return ring;
}

const idsAfter = (ring: ExchangeRing, id: number, limit = 100) =>
  ring.after(id, limit).exchanges.map((one) => one.id);

it("returns the exchanges after a given one, the oldest first", () => {
  const ring = ringOf(4);
  expect(idsAfter(ring, 0)).toEqual([1, 2, 3, 4]);
  expect(idsAfter(ring, 2)).toEqual([3, 4]);
  expect(idsAfter(ring, 4)).toEqual([]);
  expect(idsAfter(ring, 0, 2)).toEqual([1, 2]);
});

it("keeps the most recent exchanges, and reports how many were missed", () => {
  const ring = ringOf(12);
  expect(ring.size.exchanges).toBe(5);
  expect(idsAfter(ring, 0)).toEqual([8, 9, 10, 11, 12]);
  expect(ring.after(3, 100).missed).toBe(4);
  expect(ring.after(9, 100).missed).toBe(0);
  expect(ring.find(7)).toBeUndefined();
  expect(ring.find(8)?.id).toBe(8);
  expect(ring.find(13)).toBeUndefined();
});

it("drops the oldest exchanges above the limit in bytes", () => {
  const each = bytesOf(exchangeOf({ id: 1 }));
  const ring = ringOf(9, { max: 100, maxBytes: 3 * each });
  expect(idsAfter(ring, 0)).toEqual([7, 8, 9]);
  expect(ring.size.bytes).toBe(3 * each);
  const text = "x".repeat(4 * each);
  const large = { kind: "result", atMs: 1, text } as const;
  ring.add(exchangeOf({ id: ring.nextId, messages: [large] }));
  expect(ring.size).toEqual({ exchanges: 0, bytes: 0 });
});

it("counts the exchanges but keeps none when its maximum is 0", () => {
  const ring = ringOf(3, { max: 0 });
  expect(ring.nextId).toBe(4);
  expect(idsAfter(ring, 0)).toEqual([]);
  expect(ring.size).toEqual({ exchanges: 0, bytes: 0 });
});

it("returns the exchanges of a trace", () => {
  const ring = ringOf(2);
  ring.add(exchangeOf({ id: 3, traceId: "a" }));
  ring.add(exchangeOf({ id: 4, traceId: "b" }));
  ring.add(exchangeOf({ id: 5, traceId: "a" }));
  expect(ring.ofTrace("a").map((one) => one.id)).toEqual([3, 5]);
});

it("never exceeds its bounds, and knows its size, for any exchanges", () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 4000 }), { maxLength: 60 });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 9 }), (all, max) => {
      const ring = new ExchangeRing({ max, maxBytes: 9000 });
      for (const length of all) {
        ring.add(exchangeOf({ id: ring.nextId, name: "x".repeat(length) }));
        const kept = ring.after(0, 100).exchanges;
        expect(kept.length).toBeLessThanOrEqual(max);
        expect(ring.size.exchanges).toBe(kept.length);
        expect(ring.size.bytes).toBe(kept.reduce((sum, one) => sum + bytesOf(one), 0));
        expect(ring.size.bytes).toBeLessThanOrEqual(9000);
      }
    }),
  );
});
