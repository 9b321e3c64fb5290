import { steadyNow } from "lutra/internal";
import { type EncodedResult, encodeResult, ProtocolError, resultBytes } from "lutra/protocol";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { UpstreamError } from "../delivery/upstream-error.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import { missingKey } from "../result-meta.ts";
import { cached, settle } from "./fixtures/cached-upstream.ts";

const hints = { resultType: "complete", ttlMs: 60_000, cacheScope: "public" };
const numbered = (_request: unknown, _context: unknown, count: number) => ({ ...hints, count });
const own = (_request: unknown, _context: unknown, count: number) => ({
  ...hints,
  cacheScope: "private",
  count,
});

describe("the response cache", () => {
  it.each([
    "server/discover",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
  ])("returns the result of %s from the cache while it is fresh", async (method) => {
    const { ask, requests, clock } = cached(numbered);
    await ask({ method });
    clock.advance(59_999);
    expect(await ask({ method })).toMatchObject({ count: 1 });
    expect(requests).toHaveLength(1);
  });

  it("does not store results of other methods, regardless of their hints", async () => {
    const { ask, requests } = cached(numbered);
    await ask({ method: "tools/call" });
    await ask({ method: "tools/call" });
    expect(requests).toHaveLength(2);
  });

  it.each([
    ["another cursor", { cursor: "x" }],
    ["another protocol version", { _meta: { "io.modelcontextprotocol/protocolVersion": "x" } }],
    ["other capabilities", { _meta: { "io.modelcontextprotocol/clientCapabilities": { a: {} } } }],
  ])("treats a request with %s as a different request", async (_what, params) => {
    const { ask, requests } = cached(numbered);
    await ask();
    await ask({ params });
    expect(requests).toHaveLength(2);
  });

  it.each([
    ["inputResponses", { uri: "a", inputResponses: {} }],
    ["requestState", { uri: "a", requestState: "x" }],
  ])("neither stores nor reads the result of a retry with %s", async (_w, params) => {
    const { ask, requests } = cached(numbered);
    const method = "resources/read";
    await ask({ method, params });
    await ask({ method, params: { uri: "a" } });
    await ask({ method, params });
    expect(requests).toHaveLength(3);
  });

  it.each([
    ["input_required", { ...hints, resultType: "input_required", requestState: "x" }],
    ["a type that an extension adds", { ...hints, resultType: "task" }],
  ])("a result of type %s is not cached", async (_what, result) => {
    const { ask, requests } = cached(() => result);
    await ask({ method: "resources/read" });
    await ask({ method: "resources/read" });
    expect(requests).toHaveLength(2);
  });

  it("does not store an error", async () => {
    const { ask, requests } = cached((_request, _context, count) => {
      if (count === 1) throw new ProtocolError("invalidParams", "no");
      return hints;
    });
    await expect(ask()).rejects.toThrow("no");
    await ask();
    expect(requests).toHaveLength(2);
  });

  it("treats a response as fresh for one day at most", async () => {
    const { ask, requests, clock } = cached(() => ({ ...hints, ttlMs: 1e15 }));
    expect(await ask()).toMatchObject({ ttlMs: 86_400_000 });
    clock.advance(86_400_000 - 1);
    await ask();
    expect(requests).toHaveLength(1);
    clock.advance(1 + 500);
    await ask();
    expect(requests).toHaveLength(2);
  });
});

describe("a cached response", () => {
  it("equals the upstream's response except for ttlMs, byte for byte", async () => {
    const { ask, clock } = cached(() => ({ tools: [{ name: "é" }], ...hints }));
    await ask();
    clock.advance(12_345);
    const hit = await ask();
    expect(hit).toEqual({ tools: [{ name: "é" }], ...hints, ttlMs: 47_000 });
    expect((hit as EncodedResult)[resultBytes]).toBeInstanceOf(Uint8Array);
    expect(JSON.parse(encodeResult(1, hit)).result).toEqual(hit);
    expect(await ask()).toBe(hit);
  });

  it("never prolongs the upstream's ttlMs", async () => {
    const { ask, clock } = cached(numbered);
    const start = clock.now();
    await ask();
    while (clock.now() - start < 59_900) {
      clock.advance(97);
      const { ttlMs } = (await ask()) as unknown as { ttlMs: number };
      const left = start + 60_000 - clock.now();
      expect(ttlMs).toBeLessThanOrEqual(left);
      expect(ttlMs).toBeGreaterThan(left - 1000);
    }
  });

  it("is marked only when it is stale", async () => {
    const { ask, clock } = cached(() => ({ ...hints, _meta: { a: 1 } }));
    await ask();
    expect((await ask())._meta).toEqual({ a: 1 });
    clock.advance(60_000);
    const stale = await ask();
    expect(stale).toEqual({ ...hints, ttlMs: 0, _meta: { a: 1, "dev.lutra/cache": "stale" } });
    expect(JSON.parse(encodeResult(1, stale)).result).toEqual(stale);
  });
});

describe("a stale response", () => {
  it("is used for staleMs while one revalidation runs", async () => {
    const { ask, clock, requests } = cached(numbered);
    await ask();
    clock.advance(60_499);
    const [first, second] = await Promise.all([ask(), ask()]);
    expect([first?.count, second?.count]).toEqual([1, 1]);
    await settle();
    expect(requests).toHaveLength(2);
    expect(await ask()).toMatchObject({ count: 2 });
  });

  it("is used for staleOnErrorMs while the upstream fails", async () => {
    const { ask, clock } = cached((_request, _context, count) => {
      if (count > 1) throw new UpstreamError("unreachable", "a", "gone");
      return hints;
    });
    await ask();
    clock.advance(64_999);
    expect(await ask()).toMatchObject({ _meta: { "dev.lutra/cache": "stale" } });
    clock.advance(1);
    await expect(ask()).rejects.toMatchObject({ status: 502 });
  });

  it("is revalidated without changing the record of the ended exchange", async () => {
    const record = { cache: undefined } as ExchangeRecord;
    const { ask, clock, contexts } = cached(numbered);
    await ask();
    clock.advance(60_000);
    await ask({ record });
    await settle();
    expect(contexts).toHaveLength(2);
    const { recordOf } = await import("../exchange-record.ts");
    expect(recordOf(contexts[1] as never)).not.toBe(record);
  });

  it("is not replaced by a list that lacks an upstream", async () => {
    const { ask, clock } = cached((_request, _context, count) => {
      if (count === 3) throw new UpstreamError("unreachable", "a", "gone");
      const partial = { ttlMs: 0, _meta: { [missingKey]: ["b"] } };
      return { ...hints, count, ...(count === 2 && partial) };
    });
    await ask();
    clock.advance(61_000);
    expect(await ask()).toMatchObject({ count: 2 });
    expect(await ask()).toMatchObject({ count: 1, _meta: { "dev.lutra/cache": "stale" } });
  });
});

describe("equal concurrent requests of several callers", () => {
  it("are sent once if the result is public", async () => {
    const { ask, requests } = cached(numbered);
    await Promise.all([ask(), ask(), ask({ principal: "ada" })]);
    expect(requests).toHaveLength(1);
  });

  it("are sent once for each caller if the result is private", async () => {
    const { ask, requests } = cached(own);
    const principals = ["ada", "bo", "ada", "bo"];
    await Promise.all(principals.map((principal) => ask({ principal })));
    expect(requests).toHaveLength(2);
  });
});

describe("a change notification", () => {
  const changed = { method: "notifications/tools/list_changed" };

  it("drops the upstream's list for all callers", async () => {
    const { ask, caching, requests } = cached(own);
    await ask({ principal: "ada" });
    await ask({ principal: "bo" });
    await caching.changed("b", changed);
    await ask({ principal: "ada" });
    expect(requests).toHaveLength(2);
    await caching.changed("a", changed);
    await ask({ principal: "ada" });
    await ask({ principal: "bo" });
    expect(requests).toHaveLength(4);
  });

  it("drops responses in flight", async () => {
    const { ask, caching, requests } = cached(numbered);
    const early = ask();
    await caching.changed("a", changed);
    const late = ask();
    expect([(await early).count, (await late).count]).toEqual([1, 2]);
    expect(await ask()).toMatchObject({ count: 2 });
    expect(requests).toHaveLength(2);
  });

  it("drops the reads of the changed resource and no others", async () => {
    const { ask, caching, requests } = cached(numbered);
    const read = (uri: string) => ask({ method: "resources/read", params: { uri } });
    await read("a");
    await read("b");
    await caching.changed("a", { method: "notifications/resources/updated", params: { uri: "a" } });
    await read("b");
    expect(requests).toHaveLength(2);
    await read("a");
    await caching.forget("a", { method: "resources/read", uri: "b" });
    await read("b");
    expect(requests).toHaveLength(4);
  });

  it("is not needed for forget to drop all responses of a method", async () => {
    const { ask, caching, requests } = cached(numbered);
    await ask({ method: "server/discover" });
    await caching.forget("a", { method: "server/discover" });
    await ask({ method: "server/discover" });
    expect(requests).toHaveLength(2);
  });
});

it("a clock that is set back to 1970 prolongs no cached response", async () => {
  const { ask, requests } = cached(() => hints, { now: steadyNow });
  await ask();
  const system = vi.spyOn(Date, "now").mockReturnValue(0);
  onTestFinished(() => void system.mockRestore());
  const { ttlMs } = (await ask()) as unknown as { ttlMs: number };
  expect(ttlMs).toBeLessThanOrEqual(60_000);
  expect(requests).toHaveLength(1);
});

it("dropping a server name removes its cached responses", async () => {
  const { ask, caching, requests } = cached(numbered);
  const methods = ["tools/list", "resources/read", "server/discover"];
  for (const method of methods) await ask({ method });
  await caching.drop("a");
  expect(caching.stats()).toMatchObject({ entries: 0 });
  for (const method of methods) await ask({ method });
  expect(requests).toHaveLength(6);
});

describe("the response cache", () => {
  it("records its outcome in each exchange", async () => {
    const { ask, clock } = cached((_request, _context, count) => {
      if (count > 1) throw new UpstreamError("unavailable", "a", "gone");
      return hints;
    });
    const outcome = async (method?: string) => {
      const record = { cache: undefined } as ExchangeRecord;
      await ask({ record, ...(method && { method }) }).catch(() => {});
      return record.cache;
    };
    expect(await outcome()).toBe("miss");
    expect(await outcome()).toBe("hit");
    clock.advance(60_100);
    expect(await outcome()).toBe("stale");
    expect(await outcome("tools/call")).toBeUndefined();
  });

  it("counts outcomes and size", async () => {
    const { ask, caching } = cached(numbered);
    await ask();
    await ask();
    await ask();
    expect(caching.stats()).toMatchObject({ hits: 2, stale: 0, misses: 1, entries: 1 });
    await caching.forget("a", { method: "tools/list" });
    expect(caching.stats()).toMatchObject({ entries: 0, bytes: 0 });
  });
});

it("closing the response cache cancels revalidations", async () => {
  const { ask, caching, clock, contexts } = cached((_request, context, count) =>
    count === 1
      ? hints
      : new Promise((_resolve, reject) => {
          context.signal.addEventListener("abort", () => reject(context.signal.reason));
        }),
  );
  await ask();
  clock.advance(60_000);
  await ask();
  await settle();
  caching.close();
  await settle();
  expect(contexts[1]?.signal.aborted).toBe(true);
});
