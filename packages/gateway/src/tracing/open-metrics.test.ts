import { metrics } from "@opentelemetry/api";
import {
  type DataPoint,
  type Histogram,
  MeterProvider,
  MetricReader,
} from "@opentelemetry/sdk-metrics";
import type { RequestContext } from "lutra/protocol";
import { expect, it, onTestFinished, vi } from "vitest";
import { createRecord, type ExchangeRecord } from "../exchange-record.ts";
import { headOf, modern } from "../fixtures/head-of.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";
import type { MeterSources } from "./gateway-meter.ts";
import { createStartMeter } from "./open-metrics.ts";

/** Collects metrics only when a test asks for them. */
class OnDemand extends MetricReader {
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

/** Starts the metrics of a gateway with an SDK that keeps them in memory. */
function startMeter(sources: Partial<MeterSources> = {}) {
  const reader = new OnDemand();
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  const meter = createStartMeter(provider.getMeter("test"))?.({
    methods: [],
    upstreams: () => [],
    cache: () => undefined,
    ...sources,
  });
  if (meter === undefined) throw new Error("expected a meter");
  const series = async (name: string) => {
    const { resourceMetrics } = await reader.collect();
    const all = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
    const found = all.find(({ descriptor }) => descriptor.name === `lutra.gateway.${name}`);
    const points = (found?.dataPoints ?? []) as readonly DataPoint<number | Histogram>[];
    return points.map(({ attributes, value }) => [
      attributes,
      typeof value === "number" ? value : value.count,
    ]);
  };
  return { ...meter, series };
}

const record = (changes: Partial<ExchangeRecord> = {}): ExchangeRecord => ({
  ...createRecord(),
  ms: 5,
  head: headOf(...modern("tools/call", "add")),
  upstream: "places",
  ...changes,
});

const identity = {
  "mcp.method.name": "tools/call",
  "mcp.protocol.version": "2026-07-28",
  "lutra.gateway.upstream": "places",
};

it("records durations by method, era, upstream, outcome of the cache and error", async () => {
  const { observe, series } = startMeter();
  observe(record(), 200);
  observe(record({ cache: "hit" }), 200);
  observe(record({ cache: "hit" }), 200);
  observe(record({ code: -32602 }), 400);
  observe(record({ head: headOf(...modern("made/up")), upstream: undefined }), 404);
  expect(await series("request.duration")).toEqual([
    [identity, 1],
    [{ ...identity, "lutra.gateway.cache": "hit" }, 2],
    [{ ...identity, "error.type": "-32602" }, 1],
    [
      {
        "mcp.method.name": "_OTHER",
        "mcp.protocol.version": "2026-07-28",
        "error.type": "404",
      },
      1,
    ],
  ]);
});

it("counts refusals by their reason, and retries", async () => {
  const { observe, series } = startMeter();
  observe(record({ reason: "limit", upstream: undefined }), 429);
  observe(record({ reason: "limit", upstream: undefined }), 429);
  observe(record({ attempts: 3 }), 200);
  expect(await series("refusals")).toEqual([[{ "lutra.gateway.reason": "limit" }, 2]]);
  expect(await series("retries")).toEqual([[{ "lutra.gateway.upstream": "places" }, 2]]);
});

it("records at most 1000 series, and the other exchanges without names", async () => {
  const { observe, series } = startMeter();
  for (let code = 1; code <= 1100; code += 1) observe(record({ code }), 400);
  const all = await series("request.duration");
  expect(all).toHaveLength(1001);
  expect(all.at(-1)).toEqual([{ "mcp.method.name": "_OTHER" }, 100]);
});

it("counts a subscription while it is open, and not its duration", async () => {
  const { observe, middleware, series } = startMeter();
  let end = () => {};
  const serve = middleware(
    () =>
      new Promise((resolve) => {
        end = () => resolve({ resultType: "complete" });
      }),
  );
  const context: RequestContext = { signal: new AbortController().signal, notify: () => {} };
  const open = serve({ jsonrpc: "2.0", id: 1, method: "subscriptions/listen" }, context);
  expect(await series("subscriptions")).toEqual([[{}, 1]]);
  end();
  await open;
  observe(record({ head: headOf(...modern("subscriptions/listen")) }), 200);
  expect(await series("subscriptions")).toEqual([[{}, 0]]);
  expect(await series("request.duration")).toEqual([]);
});

it("reads the state of upstreams and cache for each export, until it is closed", async () => {
  const upstream: UpstreamStatus = {
    name: "places",
    kind: "url",
    inFlight: 3,
    ownSubscriptions: 0,
    queued: 1,
    replicas: ["up", "up", "out"].map((state, index) => ({
      name: String(index),
      state: state as "up" | "out",
      inFlight: 1,
      ownSubscriptions: 0,
      failures: 0,
    })),
  };
  const upstreams = vi.fn(() => [upstream]);
  const { series, close } = startMeter({
    upstreams,
    cache: () => ({ bytes: 2048, entries: 2 }),
  });
  const of = (state: string) => ({
    "lutra.gateway.upstream": "places",
    "lutra.gateway.state": state,
  });
  expect(await series("active_requests")).toEqual([
    [of("running"), 3],
    [of("queued"), 1],
  ]);
  expect(await series("replicas")).toEqual([
    [of("up"), 2],
    [of("out"), 1],
  ]);
  expect(await series("cache.entries")).toEqual([[{}, 2]]);
  expect(await series("cache.size")).toEqual([[{}, 2048]]);
  const reads = upstreams.mock.calls.length;
  expect(reads).toBeGreaterThan(0);
  close();
  await series("active_requests");
  expect(upstreams).toHaveBeenCalledTimes(reads);
});

it("records nothing if the application has registered no meter provider", () => {
  expect(createStartMeter(metrics.getMeter("none"))).toBeUndefined();
});
