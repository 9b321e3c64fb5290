import { expect, it } from "vitest";
import type { ListedExchange } from "../../../server/traces-api.ts";
import { type ExchangeFilter, filterIn, matcherOf, queryOf } from "./filter.ts";

const call: ListedExchange = {
  id: 1,
  at: 0,
  method: "tools/call",
  name: "search",
  client: "walker 1.0.0",
  era: "2026-07-28",
  route: 0,
  upstream: "atlas",
  replica: "1",
  attempts: 1,
  status: 200,
  isError: false,
  ms: 5,
  bytesOut: 10,
  timeline: [{ kind: "attempt", name: "atlas", replica: "1", startMs: 0, endMs: 4 }],
};
const everything = filterIn(new URLSearchParams());
const passes = (filter: Partial<ExchangeFilter>, exchange: Partial<ListedExchange> = {}) =>
  matcherOf({ ...everything, ...filter })({ ...call, ...exchange });

it("lets every exchange pass without a filter", () => {
  expect(passes({})).toBe(true);
  expect(passes({}, { method: undefined, name: undefined, ms: 0 })).toBe(true);
});

it.each<[Partial<ExchangeFilter>, Partial<ListedExchange>, Partial<ListedExchange>]>([
  [{ method: "tools/call" }, {}, { method: "tools/list" }],
  [{ upstream: "atlas" }, {}, { upstream: "almanac", timeline: [] }],
  [{ principal: "ann" }, { principal: "ann" }, { principal: "bob" }],
  [{ kind: "errors" }, { isError: true }, {}],
  [{ kind: "errors" }, { isToolError: true }, {}],
  [{ kind: "cached" }, { cache: "stale" }, { cache: "miss" }],
  [{ slowMs: 100 }, { ms: 100 }, { ms: 99 }],
  [{ text: " SEAR" }, {}, { name: "nearby" }],
  [{ text: "-32602" }, { code: -32602 }, { code: -32603 }],
])("%j lets the one exchange pass, and not the other", (filter, passing, other) => {
  expect(passes(filter, passing)).toBe(true);
  expect(passes(filter, other)).toBe(false);
});

it("finds an exchange by each upstream that a merged list has asked", () => {
  const timeline = ["atlas", "almanac"].map(
    (name) => ({ kind: "attempt", name, startMs: 0 }) as const,
  );
  expect(passes({ upstream: "almanac" }, { upstream: undefined, timeline })).toBe(true);
});

it("takes an exchange as retried only if an attempt followed a failed one", () => {
  const failed = { kind: "attempt", name: "atlas", startMs: 0, failure: "broken" } as const;
  expect(passes({ kind: "retried" }, { timeline: [failed] })).toBe(false);
  expect(passes({ kind: "retried" }, { timeline: [failed, ...call.timeline] })).toBe(true);
});

it("is the same after a round through the address", () => {
  const filter: ExchangeFilter = {
    text: "a b",
    method: "tools/call",
    upstream: "atlas",
    principal: "ann",
    kind: "errors",
    slowMs: 100,
  };
  expect(filterIn(new URLSearchParams(queryOf(filter)))).toEqual(filter);
  expect(queryOf(everything)).toEqual({});
  const wrong = new URLSearchParams("kind=other&slow=abc");
  expect(filterIn(wrong)).toEqual(everything);
});
