import { describe, expect, it } from "vitest";
import { readCacheHints } from "./caching.ts";

describe("server/utilities/caching#time-to-live-ttl-field", () => {
  it.each([
    ["positive is fresh for that long", { ttlMs: 300_000 }, 300_000],
    ["0 SHOULD be considered immediately stale", { ttlMs: 0 }, 0],
    ["absent SHOULD be taken for 0", {}, 0],
    ["negative SHOULD be treated as 0", { ttlMs: -1 }, 0],
    ["a day is fresh for a day", { ttlMs: 86_400_000 }, 86_400_000],
    ["more than a day is fresh for a day", { ttlMs: 86_400_001 }, 86_400_000],
    ["a number without a date is fresh for a day", { ttlMs: 1e308 }, 86_400_000],
    ["text is not a time", { ttlMs: "300000" }, 0],
    ["null is not a time", { ttlMs: null }, 0],
    ["infinity is not a time", { ttlMs: JSON.parse("1e999") }, 0],
  ])("%s", (_what, result, ttlMs) => {
    expect(readCacheHints(result).ttlMs).toBe(ttlMs);
  });
});

describe("server/utilities/caching#cache-scope-field", () => {
  it.each([
    ["public", "public"],
    ["private", "private"],
    ["shared", "private"],
    ["PUBLIC", "private"],
    [undefined, "private"],
    [true, "private"],
  ])("%s is read as %s", (cacheScope, expected) => {
    expect(readCacheHints({ cacheScope }).cacheScope).toBe(expected);
  });
});
