import { describe, expect, it } from "vitest";
import { resultBytes } from "../protocol/json-rpc.ts";
import { createEncodedResponseCache } from "./encoded-response-cache.ts";
import { createMemoryResponseCache } from "./memory-response-cache.ts";
import { noResponseCache } from "./response-cache.ts";
import type { ResponseCacheKey } from "./response-cache-key.ts";

const key: ResponseCacheKey = {
  server: "http://localhost/mcp",
  method: "tools/list",
  params: "{}",
  partition: "public",
};
const response = { result: { tools: [] }, receivedAt: 5 };

describe.each([
  ["createMemoryResponseCache", createMemoryResponseCache, 2000],
  ["createEncodedResponseCache", createEncodedResponseCache, 3500],
])("%s", (_name, createCache, roomForTwo) => {
  it("returns a response and its time of arrival", () => {
    const cache = createCache();
    cache.set(key, response);
    expect(cache.get(key)).toEqual(response);
  });

  it.each([
    ["server", { server: "http://localhost/other" }],
    ["method", { method: "prompts/list" }],
    ["params", { params: '{"cursor":""}' }],
    ["partition", { partition: "private:1" }],
  ])("never gives a response to a request of another %s", (_what, difference) => {
    const cache = createCache();
    cache.set(key, response);
    expect(cache.get({ ...key, ...difference })).toBeUndefined();
  });

  it("deletes the responses to a method from all partitions", () => {
    const cache = createCache();
    cache.set(key, response);
    cache.set({ ...key, partition: "private:1" }, response);
    cache.set({ ...key, method: "prompts/list" }, response);
    cache.delete({ server: key.server, method: key.method });
    expect(cache.get(key)).toBeUndefined();
    expect(cache.get({ ...key, partition: "private:1" })).toBeUndefined();
    expect(cache.get({ ...key, method: "prompts/list" })).toEqual(response);
  });

  it("deletes the responses to a method with the same parameters", () => {
    const cache = createCache();
    cache.set(key, response);
    cache.set({ ...key, params: '{"uri":"a"}' }, response);
    cache.delete({ server: key.server, method: key.method, params: '{"uri":"a"}' });
    expect(cache.get(key)).toEqual(response);
    expect(cache.get({ ...key, params: '{"uri":"a"}' })).toBeUndefined();
  });

  it("drops the least recently used response above its limit in bytes", () => {
    const cache = createCache({ maxBytes: roomForTwo });
    const keep = (params: string) =>
      cache.set({ ...key, params }, { result: { text: "x".repeat(300) }, receivedAt: 0 });
    keep("1");
    keep("2");
    cache.get({ ...key, params: "1" });
    keep("3");
    expect(cache.get({ ...key, params: "1" })).toBeDefined();
    expect(cache.get({ ...key, params: "2" })).toBeUndefined();
    expect(cache.get({ ...key, params: "3" })).toBeDefined();
  });

  it("does not store a response that is larger than the limit", () => {
    const cache = createCache({ maxBytes: 100 });
    cache.set(key, { result: { text: "x".repeat(200) }, receivedAt: 0 });
    expect(cache.get(key)).toBeUndefined();
  });

  it("reports its size", () => {
    const cache = createCache();
    cache.set(key, response);
    cache.set({ ...key, params: "1" }, response);
    expect(cache.size()).toMatchObject({ entries: 2 });
    cache.delete({ server: key.server, method: key.method });
    expect(cache.size()).toEqual({ entries: 0, bytes: 0 });
  });

  it("distinguishes keys whose parts join to the same text", () => {
    const cache = createCache();
    cache.set({ ...key, server: "a", method: "bc", params: "d" }, response);
    expect(cache.get({ ...key, server: "ab", method: "c", params: "d" })).toBeUndefined();
    expect(cache.get({ ...key, server: "a", method: "b", params: "cd" })).toBeUndefined();
  });

  it("is not affected by later changes of a result", () => {
    const cache = createCache();
    const result = { tools: ["a"] };
    cache.set(key, { result, receivedAt: 5 });
    result.tools.push("poison");
    expect(cache.get(key)).toEqual({ result: { tools: ["a"] }, receivedAt: 5 });
  });
});

it("returns a new copy to each reader", async () => {
  const cache = createMemoryResponseCache();
  cache.set(key, response);
  const first = await cache.get(key);
  (first as unknown as { result: { tools: string[] } }).result.tools.push("poison");
  expect(cache.get(key)).toEqual(response);
});

it("returns the same frozen result with its JSON to all readers", async () => {
  const cache = createEncodedResponseCache();
  cache.set(key, { result: { tools: [{ name: "é" }] }, receivedAt: 5 });
  const first: unknown = await cache.get(key);
  expect(await cache.get(key)).toBe(first);
  const { result } = first as { result: { [resultBytes]?: Uint8Array; tools: object[] } };
  expect(new TextDecoder().decode(result[resultBytes])).toBe('{"tools":[{"name":"é"}]}');
  expect(() => result.tools.push({})).toThrow(TypeError);
  expect(() => Object.assign(result.tools[0] as object, { name: "poison" })).toThrow(TypeError);
  expect(Object.keys(result)).toEqual(["tools"]);
});

it("can be switched off", () => {
  noResponseCache.set(key, response);
  expect(noResponseCache.get(key)).toBeUndefined();
});

it.each([
  ["createMemoryResponseCache", createMemoryResponseCache],
  ["createEncodedResponseCache", createEncodedResponseCache],
])("%s lists its responses, the most recently used first", (_name, createCache) => {
  const cache = createCache();
  for (const params of ["1", "2", "3"]) cache.set({ ...key, params }, response);
  cache.get({ ...key, params: "1" });
  expect(cache.list(2)).toEqual([
    { key: { ...key, params: "1" }, bytes: expect.any(Number), receivedAt: 5 },
    { key: { ...key, params: "3" }, bytes: expect.any(Number), receivedAt: 5 },
  ]);
  expect(cache.list(0)).toEqual([]);
});
