import { afterEach, beforeEach, expect, it } from "vitest";
import { createMemoryResponseCache, type ResponseCache } from "../stores/index.ts";
import { traceCache } from "./cache.ts";
import { type RecordedMetrics, recordMetrics } from "./fixtures/recorded-metrics.ts";

let recorded: RecordedMetrics;
beforeEach(() => {
  recorded = recordMetrics();
});
afterEach(() => recorded.close());

const key = { server: "s", method: "tools/list", params: "{}", partition: "public" };
const response = { result: { resultType: "complete" }, receivedAt: 0 };
const lookups = () => recorded.series("lutra.client.cache.lookups");
const of = (outcome: string, method = "tools/list") => ({
  "mcp.method.name": method,
  "lutra.cache": outcome,
});

it("counts the lookups in a cache by method and outcome", async () => {
  const cache = traceCache(createMemoryResponseCache());
  await cache.get(key);
  await cache.set(key, response);
  expect(await cache.get(key)).toEqual(response);
  await cache.get(key);
  expect(await lookups()).toEqual([
    { attributes: of("miss"), value: 1 },
    { attributes: of("hit"), value: 2 },
  ]);
});

it("counts those in a remote cache, and names at most 500 methods", async () => {
  const remote: ResponseCache = {
    get: async () => response,
    set: async () => {},
    delete: async () => {},
  };
  const cache = traceCache(remote);
  for (let index = 0; index < 510; index += 1) await cache.get({ ...key, method: `m/${index}` });
  const all = await lookups();
  expect(all).toHaveLength(501);
  expect(all.at(-1)).toEqual({ attributes: of("hit", "_OTHER"), value: 10 });
});

it("refuses unknown options", () => {
  const options = { tracer: {} } as object;
  expect(() => traceCache(createMemoryResponseCache(), options)).toThrow("tracer: unknown option");
});
