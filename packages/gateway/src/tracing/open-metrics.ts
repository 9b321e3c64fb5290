/**
 * Metrics of exchanges by OpenTelemetry: durations by cache outcome, era and error, refusals of limits
 * and other rules, open streams, and the state of upstreams and of the cache. Loaded when tracing is on.
 */
import {
  type Attributes,
  type BatchObservableCallback,
  createNoopMeter,
  type Meter,
  metrics,
} from "@opentelemetry/api";
import { coreMethods } from "lutra/protocol";
import { protocolVersionOf } from "../eras/era-table.ts";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { GatewayMeter, MeterSources, StartMeter } from "./gateway-meter.ts";

/** Maximum number of series of one metric. Further exchanges are counted as `_OTHER`. */
const maxSeries = 1000;

/** The bucket boundaries of durations, in seconds. */
const boundaries = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** The value for what clients may invent any number of. */
const other = "_OTHER";

/** Creates the function that records the metrics of gateways with the SDK of the application. */
export function createStartMeter(
  meter: Meter = metrics.getMeter("@lutra/gateway"),
): StartMeter | undefined {
  if (meter === createNoopMeter()) return undefined;
  return (sources) => startMeter(meter, sources);
}

function startMeter(meter: Meter, sources: MeterSources): GatewayMeter {
  const all = [...coreMethods, ...sources.methods];
  const known = new Set(all.map(({ name }) => name));
  const longLived = new Set(all.filter(({ longLived }) => longLived).map(({ name }) => name));
  const duration = meter.createHistogram("lutra.gateway.request.duration", {
    description: "Time from the arrival of a request to the end of its response",
    unit: "s",
    advice: { explicitBucketBoundaries: boundaries },
  });
  const refusals = meter.createCounter("lutra.gateway.refusals", {
    description: "Exchanges that the gateway has refused or aborted",
    unit: "{request}",
  });
  const retries = meter.createCounter("lutra.gateway.retries", {
    description: "Retries at another replica",
    unit: "{request}",
  });
  const subscriptions = meter.createUpDownCounter("lutra.gateway.subscriptions", {
    description: "Open subscriptions of clients",
    unit: "{subscription}",
  });
  const series = new SeriesOf(known);
  const close = observeState(meter, sources);
  return {
    observe: (record, status) => {
      const { upstream = "", reason, attempts, head } = record;
      const attributes = series.bounded(record, status);
      // A subscription ends when its client disconnects; its duration has no meaning.
      if (!longLived.has(head.method ?? "")) duration.record(record.ms / 1000, attributes);
      if (reason !== undefined) refusals.add(1, { "lutra.gateway.reason": reason });
      if (attempts > 1) retries.add(attempts - 1, { "lutra.gateway.upstream": upstream });
    },
    middleware: (next) => async (request, context) => {
      if (!longLived.has(request.method)) return next(request, context);
      subscriptions.add(1);
      try {
        return await next(request, context);
      } finally {
        subscriptions.add(-1);
      }
    },
    close,
  };
}

/** Reads the state of upstreams and cache for each export. Returns the function that ends this. */
function observeState(meter: Meter, { upstreams, cache }: MeterSources): () => void {
  const gauge = (name: string, description: string, unit: string) =>
    meter.createObservableGauge(`lutra.gateway.${name}`, { description, unit });
  const exchanges = gauge("active_requests", "Exchanges in flight or queued", "{request}");
  const replicas = gauge("replicas", "Replicas by state", "{replica}");
  const entries = gauge("cache.entries", "Responses in the cache", "{response}");
  const bytes = gauge("cache.size", "Estimated size of the response cache", "By");
  const all = [exchanges, replicas, entries, bytes];
  const read: BatchObservableCallback = (result) => {
    for (const { name, inFlight, queued, ...upstream } of upstreams()) {
      const key = "lutra.gateway.upstream";
      result.observe(exchanges, inFlight, { [key]: name, "lutra.gateway.state": "running" });
      result.observe(exchanges, queued, { [key]: name, "lutra.gateway.state": "queued" });
      for (const [state, count] of countsOf(upstream.replicas.map((replica) => replica.state))) {
        result.observe(replicas, count, { [key]: name, "lutra.gateway.state": state });
      }
    }
    const stats = cache();
    if (stats === undefined) return;
    result.observe(entries, stats.entries);
    result.observe(bytes, stats.bytes);
  };
  meter.addBatchObservableCallback(read, all);
  return () => meter.removeBatchObservableCallback(read, all);
}

function countsOf(states: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const state of states) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}

/** The attributes of exchanges. Their combinations are bounded, because clients choose some of them. */
class SeriesOf {
  readonly #knownMethods: ReadonlySet<string>;
  readonly #known = new Map<string, Attributes>();

  constructor(knownMethods: ReadonlySet<string>) {
    this.#knownMethods = knownMethods;
  }

  bounded(record: ExchangeRecord, status: number): Attributes {
    const { head, upstream = "", cache, code, reason } = record;
    const method = this.#knownMethods.has(head.method ?? "") ? (head.method ?? "") : other;
    const failure = code ?? reason ?? (status >= 400 ? status : "");
    const version = protocolVersionOf(record);
    const key = [method, upstream, version, cache, failure].join(" ");
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= maxSeries) return { "mcp.method.name": other };
    const attributes: Attributes = {
      "mcp.method.name": method,
      "mcp.protocol.version": version,
      ...(upstream !== "" && { "lutra.gateway.upstream": upstream }),
      ...(cache !== undefined && { "lutra.gateway.cache": cache }),
      ...(failure !== "" && { "error.type": String(failure) }),
    };
    this.#known.set(key, attributes);
    return attributes;
  }
}
