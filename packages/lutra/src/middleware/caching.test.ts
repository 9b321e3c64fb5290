/** The rules of gateways. `client/caching.test.ts` tests the others through a client. */
import { describe, expect, it, vi } from "vitest";
import { ProtocolError } from "../protocol/errors.ts";
import type { RequestContext } from "../protocol/exchange.ts";
import type { JSONRPCRequest, Result } from "../protocol/json-rpc.ts";
import { coreMethods } from "../protocol/methods.ts";
import { createMemoryResponseCache } from "../stores/memory-response-cache.ts";
import { createManualClock } from "../testing/manual-clock.ts";
import { createCacheKeys } from "./cache-keys.ts";
import { cacheStatusOf } from "./cache-status.ts";
import { type CachingOptions, createCaching } from "./caching.ts";
import { joinCallers } from "./join-callers.ts";
import { createRevalidation } from "./revalidation.ts";

const shared = { resultType: "complete", ttlMs: 1000, cacheScope: "public" };
const own = { ...shared, cacheScope: "private" };

/** Creates a server whose answers the test sends. */
function setUp(options: Partial<CachingOptions> = {}) {
  const clock = createManualClock();
  const asked: { context: RequestContext; answer: (result: Result | Error) => Promise<void> }[] =
    [];
  const warnings: string[] = [];
  const caching = createCaching({
    cache: createMemoryResponseCache(),
    server: "a",
    partition: ({ principal }) => principal?.id,
    maxStaleMs: 5000,
    methods: coreMethods,
    now: clock.now,
    onWarning: (message) => void warnings.push(message),
    ...options,
  });
  const serve = caching.middleware(
    (_request, context) =>
      new Promise((resolve, reject) => {
        const answer = async (result: Result | Error) => {
          if (result instanceof Error) reject(result);
          else resolve(result);
          await settle();
        };
        context.signal.addEventListener("abort", () => reject(context.signal.reason));
        asked.push({ context, answer });
      }),
  );
  const ask = (who?: string, init: Partial<JSONRPCRequest> & { signal?: AbortSignal } = {}) => {
    const { signal = new AbortController().signal, ...message } = init;
    const request: JSONRPCRequest = { jsonrpc: "2.0", id: 1, method: "tools/list", ...message };
    const answer = serve(request, {
      signal,
      notify: () => {},
      ...(who && { principal: { id: who } }),
    });
    answer.catch(() => {});
    return answer;
  };
  return { clock, caching, asked, ask, warnings };
}

/** Runs all pending promise callbacks. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

const down = new ProtocolError("internalError", "unreachable", { status: 502 });

describe("callers of several authorization contexts", () => {
  it("callers of different authorization contexts have separate private responses", async () => {
    const { ask, asked } = setUp();
    const [ada, bo] = [ask("ada"), ask("bo")];
    await asked[0]?.answer({ ...own, tools: ["for ada"] });
    await asked[1]?.answer({ ...own, tools: ["for bo"] });
    expect((await ada).tools).toEqual(["for ada"]);
    expect((await bo).tools).toEqual(["for bo"]);
    expect((await ask("ada")).tools).toEqual(["for ada"]);
    expect((await ask("bo")).tools).toEqual(["for bo"]);
    expect(asked).toHaveLength(2);
  });

  it("callers without an authorization context never share an answer, even with equal request ids", async () => {
    const { ask, asked } = setUp();
    void ask();
    void ask();
    expect(asked).toHaveLength(2);
  });
});

describe("with joinCallers, callers", () => {
  it("callers with joinCallers wait for one answer and share it if it is public", async () => {
    const { ask, asked } = setUp({ join: joinCallers() });
    const answers = [ask("ada"), ask("bo"), ask()];
    await asked[0]?.answer({ ...shared, tools: [] });
    for (const answer of answers) expect(await answer).toMatchObject({ tools: [] });
    expect(asked).toHaveLength(1);
  });

  it("callers with joinCallers send their own request if the shared answer is private", async () => {
    const { ask, asked } = setUp({ join: joinCallers() });
    const [ada, bo, cy, bo2] = [ask("ada"), ask("bo"), ask(), ask("bo")];
    await asked[0]?.answer({ ...own, tools: ["for ada"] });
    expect((await ada).tools).toEqual(["for ada"]);
    expect(asked).toHaveLength(3);
    await asked[1]?.answer({ ...own, tools: ["for bo"] });
    await asked[2]?.answer({ ...own, tools: ["without context"] });
    expect([(await bo).tools, (await bo2).tools]).toEqual([["for bo"], ["for bo"]]);
    expect((await cy).tools).toEqual(["without context"]);
  });

  it("callers with joinCallers do not wait if the last result of the method was private", async () => {
    const { ask, asked } = setUp({ join: joinCallers() });
    void ask("ada");
    await asked[0]?.answer({ ...own, ttlMs: 0 });
    void ask("ada");
    void ask("bo");
    expect(asked).toHaveLength(3);
  });

  it("callers with joinCallers share an outage but not a refusal", async () => {
    const { ask, asked } = setUp({ join: joinCallers() });
    const [ada, bo] = [ask("ada"), ask("bo")];
    await asked[0]?.answer(new ProtocolError("invalidParams", "not for ada"));
    await expect(ada).rejects.toThrow("not for ada");
    await asked[1]?.answer({ ...shared, tools: [] });
    expect(await bo).toMatchObject({ tools: [] });

    const other = { method: "prompts/list" };
    const both = [ask("ada", other), ask("bo", other)];
    await asked[2]?.answer(down);
    for (const answer of both) await expect(answer).rejects.toBe(down);
    expect(asked).toHaveLength(3);
  });

  it("callers with joinCallers get their answer even if the first caller disconnects", async () => {
    const { ask, asked } = setUp({ join: joinCallers() });
    const gone = new AbortController();
    const [ada, bo] = [ask("ada", { signal: gone.signal }), ask("bo")];
    gone.abort();
    await expect(ada).rejects.toMatchObject({ reason: "aborted" });
    expect(asked[0]?.context.signal.aborted).toBe(false);
    await asked[0]?.answer({ ...shared, tools: [] });
    expect(await bo).toMatchObject({ tools: [] });
  });
});

describe("a stale response", () => {
  const warned: string[] = [];
  const revalidation = () =>
    createRevalidation({
      maxMs: 500,
      timeoutMs: 1000,
      onWarning: (message) => void warned.push(message),
    });

  async function stale(options: Partial<CachingOptions> = {}) {
    const server = setUp({ revalidation: revalidation(), ...options });
    const first = server.ask("ada");
    await server.asked[0]?.answer({ ...own, tools: ["old"] });
    await first;
    server.clock.advance(1000);
    return server;
  }

  it("a stale response is used while one request fetches a new response", async () => {
    const { ask, asked } = await stale();
    const answers = await Promise.all([ask("ada"), ask("ada")]);
    expect(answers.map(cacheStatusOf)).toEqual(["stale", "stale"]);
    expect(asked).toHaveLength(2);
    await asked[1]?.answer({ ...own, tools: ["new"] });
    expect((await ask("ada")).tools).toEqual(["new"]);
    expect(asked).toHaveLength(2);
  });

  it("a stale response is not used for longer than maxMs", async () => {
    const { ask, asked, clock } = await stale();
    clock.advance(499);
    await ask("ada");
    clock.advance(1);
    const late = ask("ada");
    await asked[1]?.answer({ ...own, tools: ["new"] });
    expect((await late).tools).toEqual(["new"]);
  });

  it("a stale response is renewed for up to timeoutMs after its caller has disconnected", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { ask, asked } = await stale();
    const gone = new AbortController();
    await ask("ada", { signal: gone.signal });
    gone.abort();
    const signal = asked[1]?.context.signal;
    expect(signal?.aborted).toBe(false);
    vi.advanceTimersByTime(1000);
    await settle();
    vi.useRealTimers();
    expect(signal?.reason).toMatchObject({ reason: "timeout" });
    expect(warned.at(-1)).toBe("tools/list: a stale response could not be renewed");
  });

  it("a stale response is not renewed after the revalidation is closed", async () => {
    const own = revalidation();
    const { ask, asked } = await stale({ revalidation: own });
    await ask("ada");
    own.close();
    await settle();
    expect(asked[1]?.context.signal.reason).toMatchObject({ reason: "closed" });
  });

  it("a response without freshness is never used before a new one is requested", async () => {
    const { ask, asked } = await stale();
    await ask("ada");
    await asked[1]?.answer({ ...own, ttlMs: 0, tools: ["at once"] });
    void ask("ada");
    await settle();
    expect(asked).toHaveLength(3);
  });

  it("a stale response is returned for maxStaleMs if a gateway reports an unavailable server", async () => {
    const { ask, asked, clock } = await stale();
    clock.advance(4999);
    const answer = ask("ada");
    await asked[1]?.answer(down);
    expect(cacheStatusOf(await answer)).toBe("stale");
    clock.advance(1);
    const late = ask("ada");
    await asked[2]?.answer(down);
    await expect(late).rejects.toBe(down);
  });

  it("a stale response does not hide an internal error of the server itself", async () => {
    const { ask, asked, clock } = await stale();
    clock.advance(500);
    const answer = ask("ada");
    const error = new ProtocolError("internalError", "Internal error");
    await asked[1]?.answer(error);
    await expect(answer).rejects.toBe(error);
  });

  it("a stale response that is removed while a new one is fetched stays removed, like the new one", async () => {
    const { ask, asked, caching } = await stale();
    await ask("ada");
    await caching.forget({ method: "tools/list" });
    await asked[1]?.answer({ ...own, tools: ["outdated"] });
    void ask("ada");
    await settle();
    expect(asked).toHaveLength(3);
  });
});

describe("a response that was stored while the clock was ahead", () => {
  const dayMs = 86_400_000;

  it.each([2 / 24, 400])("by %d days is requested again", async (days) => {
    let aheadMs = days * dayMs;
    const { clock, ask, asked } = setUp({ now: () => clock.now() + aheadMs });
    void ask();
    await asked[0]?.answer(shared);
    aheadMs = 0;
    void ask();
    await settle();
    expect(asked).toHaveLength(2);
  });

  it("by less than a minute is fresh for its ttlMs at most", async () => {
    let aheadMs = 30_000;
    const freshFor: number[] = [];
    const present: CachingOptions["present"] = (result, _status, freshMs) => {
      freshFor.push(freshMs);
      return result;
    };
    const { clock, ask, asked } = setUp({ now: () => clock.now() + aheadMs, present });
    void ask();
    await asked[0]?.answer(shared);
    aheadMs = 0;
    await ask();
    expect(asked).toHaveLength(1);
    expect(freshFor).toEqual([1000]);
  });
});

it("caching reports the source of each answer and presents stored results", async () => {
  const heard: unknown[] = [];
  const { ask, asked, clock } = setUp({
    onAnswer: (context, status) => heard.push([context.principal?.id, status]),
    present: (result, status, freshMs) => ({ ...result, told: [status, freshMs] }),
  });
  const first = ask("ada");
  await asked[0]?.answer({ ...own });
  expect(await first).not.toHaveProperty("told");
  clock.advance(300);
  expect(await ask("ada")).toMatchObject({ told: ["fresh", 700] });
  clock.advance(900);
  const late = ask("ada");
  await asked[1]?.answer(down);
  expect(await late).toMatchObject({ told: ["stale", -200] });
  expect(heard).toEqual([
    ["ada", undefined],
    ["ada", "fresh"],
    ["ada", "stale"],
  ]);
});

describe("the key of a cached response", () => {
  const keysOf = createCacheKeys(() => "a");
  const keyOf = (params: object) =>
    keysOf(
      { jsonrpc: "2.0", id: 1, method: "m", params: JSON.parse(JSON.stringify(params)) },
      "ada",
    );

  it("the cache key does not depend on the order of members", () => {
    const first = { b: { d: 1, c: 2 }, a: "x", _meta: { y: { n: 1, m: 2 }, x: 1 } };
    const second = { _meta: { x: 1, y: { m: 2, n: 1 } }, a: "x", b: { c: 2, d: 1 } };
    expect(keyOf(first)).toEqual(keyOf(second));
  });

  it.each([
    ["no parameters and one", {}, { uri: "" }],
    ["values", { uri: "a" }, { uri: "b" }],
    ["names", { uri: "a" }, { url: "a" }],
    ["types", { a: "1" }, { a: 1 }],
    ["names and values with equal concatenations", { 'a":"b': "c" }, { a: 'b":"c' }],
    ["meta members", { _meta: { a: 1 } }, { _meta: { b: 1 } }],
    [
      "meta members with equal concatenations",
      { _meta: { a: 1, b: 2 } },
      { _meta: { "a1\n1 b": 2 } },
    ],
    ["a meta member and a parameter", { a: 1 }, { _meta: { a: 1 } }],
  ])("the cache key differs for different %s", (_what, first, second) => {
    expect(keyOf(first).public).not.toEqual(keyOf(second).public);
    expect(keyOf(first).private).not.toEqual(keyOf(second).private);
  });

  it.each(["params", "_meta"])("the cache key includes a member __proto__ in %s", (where) => {
    const hostile = JSON.parse('{"__proto__":{"tenant":"other"}}');
    const params = where === "_meta" ? { _meta: hostile } : hostile;
    const key = (params: object) =>
      keysOf({ jsonrpc: "2.0", id: 1, method: "m", params: params as never }, undefined);
    expect(key(params).public).not.toEqual(key({ _meta: {} }).public);
  });
});
