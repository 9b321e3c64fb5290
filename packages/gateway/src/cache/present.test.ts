import { encodeResult, type Result } from "lutra/protocol";
import { createEncodedResponseCache } from "lutra/stores";
import { expect, it } from "vitest";
import { present } from "./present.ts";

/** Returns a result as the cache stores it. */
async function kept(result: Result): Promise<Result> {
  const cache = createEncodedResponseCache();
  const key = { server: "a", method: "m", params: "{}", partition: "public" };
  await cache.set(key, { result, receivedAt: 0 });
  return (await cache.get(key))?.result as Result;
}

it.each([
  [60_000, 60_000],
  [59_999, 59_000],
  [10_000, 10_000],
  [9999, 9900],
  [100, 100],
  [99, 0],
  [1, 0],
])("reports %i ms of remaining freshness as %i", async (freshMs, ttlMs) => {
  expect(present(await kept({ ttlMs: 60_000 }), "fresh", freshMs)).toEqual({ ttlMs });
});

it.each([
  ["in an object before it", { a: { ttlMs: 60_000 }, ttlMs: 60_000 }],
  ["in an object after it", { ttlMs: 60_000, a: { ttlMs: 60_000 } }],
  ["with more digits", { a: { ttlMs: 600_001 }, ttlMs: 60_000 }],
  ["in a text", { a: '"ttlMs":60000', ttlMs: 60_000 }],
  ["as a text", { a: { ttlMs: "60000" }, ttlMs: 60_000 }],
])("changes only the result's own ttlMs when the same text occurs %s", async (_where, result) => {
  const shown = present(await kept(result), "fresh", 5000);
  expect(shown).toEqual({ ...result, ttlMs: 5000 });
  expect(JSON.parse(encodeResult(1, shown)).result).toEqual({ ...result, ttlMs: 5000 });
});

it("keeps all other bytes", async () => {
  const text = '{"ttlMs":60000,"b":[1.5,"é\\n"],"a":{}}';
  const shown = present(await kept(JSON.parse(text)), "fresh", 7000);
  const expected = text.replace("60000", "7000");
  expect(encodeResult(1, shown)).toBe(`{"jsonrpc":"2.0","id":1,"result":${expected}}`);
});
