import { expect, it } from "vitest";
import type { ExchangeRecord } from "../exchange-record.ts";
import { headOf, modern } from "../fixtures/head-of.ts";
import { Subject } from "../subjects/subject.ts";
import { createMetrics } from "./metrics.ts";

const record = (changes: Partial<ExchangeRecord>): ExchangeRecord => ({
  startedAt: 0,
  ms: 1,
  head: headOf(...modern("tools/call")),
  principal: undefined,
  subject: undefined,
  route: 0,
  upstream: "places",
  replica: "1",
  attempts: 1,
  code: undefined,
  cache: undefined,
  upstreamMs: undefined,
  bytesOut: 0,
  reason: undefined,
  ...changes,
});

async function linesAfter(records: readonly ExchangeRecord[]): Promise<readonly string[]> {
  const metrics = createMetrics({ upstreams: () => [], cache: () => undefined });
  for (const each of records) metrics.observe(each, 200);
  return (await metrics.text()).split("\n");
}

it("counts durations in cumulative buckets", async () => {
  const upstream = 'a"b';
  const records = [1, 1.1, 200, 31_000].map((ms) => record({ ms, upstream }));
  const lines = await linesAfter(records);
  const labels = 'method="tools/call",upstream="a\\"b"';
  const bucket = (le: string) =>
    `lutra_gateway_request_duration_seconds_bucket{le="${le}",${labels}}`;
  expect(lines).toEqual(
    expect.arrayContaining([
      "# TYPE lutra_gateway_request_duration_seconds histogram",
      `${bucket("0.001")} 1`,
      `${bucket("0.0025")} 2`,
      `${bucket("0.1")} 2`,
      `${bucket("0.25")} 3`,
      `${bucket("30")} 3`,
      `${bucket("+Inf")} 4`,
      `lutra_gateway_request_duration_seconds_count{${labels}} 4`,
    ]),
  );
  expect(lines.find((line) => line.includes("seconds_sum"))).toMatch(/ 31\.2021$/);
});

it("shows an upstream without retries as 0", async () => {
  expect(await linesAfter([record({})])).toContain(
    'lutra_gateway_retries_total{upstream="places"} 0',
  );
});

it("names the subject of a call: the upstream, and its own name of the tool", async () => {
  const head = headOf(...modern("tools/call", "places.search"));
  const lines = await linesAfter([
    record({ head, subject: new Subject("places", "tool", "search") }),
    record({ head, subject: new Subject("places", "tool", "search"), code: -32602 }),
    record({ head: headOf(...modern("tools/call", "search")) }),
    record({ head: headOf(...modern("prompts/get", "plan")) }),
    record({ head: headOf(...modern("resources/read", "a:b")) }),
  ]);
  const count = (kind: string, name: string, outcome: string) =>
    `lutra_gateway_calls_total{upstream="places",kind="${kind}",name="${name}",outcome="${outcome}"}`;
  expect(lines.filter((line) => line.startsWith("lutra_gateway_calls_total"))).toEqual([
    `${count("tool", "search", "ok")} 2`,
    `${count("tool", "search", "error")} 1`,
    `${count("prompt", "plan", "ok")} 1`,
    `${count("prompt", "plan", "error")} 0`,
  ]);
});

it("gives names that clients invent no series, and at most 1000 names one", async () => {
  const called = (name: string, changes: Partial<ExchangeRecord> = {}) =>
    record({ head: headOf(...modern("tools/call", name)), ...changes });
  const invented = Array.from({ length: 500 }, (_, index) => called(`x${index}`, { code: -32602 }));
  const real = Array.from({ length: 1200 }, (_, index) => called(`t${index}`));
  const lines = await linesAfter([...invented, ...real]);
  const calls = lines.filter((line) => line.startsWith("lutra_gateway_calls_total"));
  expect(calls.some((line) => line.includes('name="x'))).toBe(false);
  expect(calls).toHaveLength(2 * 1000);
  const other = 'lutra_gateway_calls_total{upstream="places",kind="tool",name="other"';
  expect(calls).toContain(`${other},outcome="error"} 500`);
  expect(calls).toContain(`${other},outcome="ok"} 201`);
});

it("shows connect and upstream durations, refusals and bytes", async () => {
  const lines = await linesAfter([
    record({ connectMs: 2, answerMs: 40, bytesOut: 300 }),
    record({
      reason: "queue",
      bytesOut: 200,
      head: headOf(...modern("a"), "Content-Length", "70"),
    }),
  ]);
  expect(lines).toEqual(
    expect.arrayContaining([
      'lutra_gateway_upstream_connect_seconds_bucket{le="0.0025",upstream="places"} 1',
      'lutra_gateway_upstream_duration_seconds_bucket{le="0.025",upstream="places"} 0',
      'lutra_gateway_upstream_duration_seconds_bucket{le="0.05",upstream="places"} 1',
      'lutra_gateway_refusals_total{upstream="places",reason="queue"} 1',
      'lutra_gateway_bytes_total{direction="in"} 70',
      'lutra_gateway_bytes_total{direction="out"} 500',
    ]),
  );
});

it("shows the state of the configuration and the version", async () => {
  const metrics = createMetrics({ upstreams: () => [], cache: () => undefined });
  metrics.reloaded(true);
  metrics.reloaded(false);
  const lines = (await metrics.text()).split("\n");
  expect(lines).toContain('lutra_gateway_reloads_total{outcome="applied"} 1');
  expect(lines).toContain('lutra_gateway_reloads_total{outcome="refused"} 1');
  expect(lines).toContain("lutra_gateway_last_reload_successful 0");
  expect(lines.join()).toMatch(/lutra_gateway_build_info\{version="[^"]+",node="v[^"]+"\} 1/);
});

/** The samples of one metric, checked as `promtool check metrics` does. */
it("is a valid exposition: types, help, names, units and buckets", async () => {
  const odd = 'a"b\\c\nd';
  const lines = await linesAfter([
    record({ upstream: odd, connectMs: 1, answerMs: 2, reason: "queue" }),
    record({ head: headOf(...modern("tools/call", odd.replace("\n", ""))) }),
  ]);
  const types = new Map<string, string>();
  const helps = new Set<string>();
  const seen = new Set<string>();
  const buckets = new Map<string, number>();
  const sample = /^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/;
  for (const line of lines.filter((text) => text.includes("lutra_"))) {
    const [, kind, name = "", text = ""] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === "HELP") helps.add(name);
    else if (kind === "TYPE") types.set(name, text);
    if (kind !== undefined) continue;
    const [, full = "", labels = "", value = ""] = sample.exec(line) ?? [];
    expect(full, line).not.toBe("");
    expect(Number.isNaN(Number(value)), line).toBe(false);
    expect(seen.has(`${full}{${labels}}`), line).toBe(false);
    seen.add(`${full}{${labels}}`);
    const metric = types.has(full) ? full : full.replace(/_(?:bucket|sum|count)$/, "");
    const type = types.get(metric);
    expect(type, line).toBeDefined();
    expect(helps.has(metric), line).toBe(true);
    expect(full.endsWith("_total"), line).toBe(type === "counter");
    if (!full.endsWith("_bucket")) continue;
    const place = metric + labels.replace(/^le="[^"]*",/, "");
    expect(Number(value), line).toBeGreaterThanOrEqual(buckets.get(place) ?? 0);
    buckets.set(place, Number(value));
  }
  expect(types.size).toBeGreaterThan(10);
});

it("counts exchanges beyond 1000 label combinations under one series", async () => {
  const records = Array.from({ length: 1003 }, (_, index) => record({ code: -index - 1 }));
  const lines = await linesAfter(records);
  const series = lines.filter((line) => line.startsWith("lutra_gateway_requests_total{"));
  expect(series).toHaveLength(1001);
  expect(series.at(-1)).toBe(
    'lutra_gateway_requests_total{method="other",upstream="",status="0",code="",cache=""} 3',
  );
});

it("shows no upstream that a reload has removed", async () => {
  const upstream = {
    name: "places",
    kind: "url",
    replicas: [],
    inFlight: 0,
    ownSubscriptions: 0,
    queued: 0,
  } as const;
  let upstreams = [upstream];
  const metrics = createMetrics({ upstreams: () => upstreams, cache: () => undefined });
  metrics.observe(record({ upstream: "places", upstreamMs: 5, connectMs: 1 }), 200);
  const shown = async () => {
    const lines = (await metrics.text()).split("\n").filter((line) => line.includes("places"));
    return new Set(lines.map((line) => /^lutra_gateway_([a-z_]+)/.exec(line)?.[1]));
  };
  expect(await shown()).toContain("in_flight");
  expect(await shown()).toContain("upstream_duration_seconds_count");
  upstreams = [];
  metrics.reloaded(true);
  // The counters of requests stay, because a counter must not decrease.
  expect([...(await shown())].filter((name) => /^(?:upstream_|in_flight)/.test(`${name}`))).toEqual(
    [],
  );
});
