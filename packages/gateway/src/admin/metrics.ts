/** What Prometheus reads: counts and durations of exchanges, and the state of upstreams. */
import { coreMethods, type Method } from "lutra/protocol";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";

export interface Metrics {
  readonly observe: (record: ExchangeRecord, status: number) => void;
  readonly contentType: string;
  /** The text that Prometheus reads. */
  readonly text: () => Promise<string>;
}

export interface MetricsOptions {
  readonly methods?: readonly Method[] | undefined;
  readonly upstreams: () => readonly UpstreamStatus[];
  readonly cache: () => { readonly bytes: number; readonly entries: number } | undefined;
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Series that are remembered with their labels looked up. */
const maxSeries = 1000;

/** Collects in a registry of its own, so that several gateways may live in one process. */
export function createMetrics({ methods = [], ...sources }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: "lutra_gateway_requests_total",
    help: "Requests, by method, upstream, HTTP status, JSON-RPC code and what the cache did",
    labelNames: ["method", "upstream", "status", "code", "cache"] as const,
    registers,
  });
  const durations = new Histogram({
    name: "lutra_gateway_request_duration_seconds",
    help: "From the arrival of a request to the end of its answer",
    labelNames: ["method", "upstream"] as const,
    buckets: seconds,
    registers,
  });
  const retries = new Counter({
    name: "lutra_gateway_retries_total",
    help: "Requests that were sent to one more replica",
    labelNames: ["upstream"] as const,
    registers,
  });
  gauges(registers, sources);

  // A client chooses its method; the number of series must not be its choice.
  const known = new Set([...coreMethods, ...methods].map(({ name }) => name));
  const series = new Map<string, { readonly count: () => void; readonly time: Observe }>();

  return {
    observe: (record, status) => {
      const { method = "" } = record.head;
      const { upstream = "", code = "", cache = "" } = record;
      const shown = known.has(method) ? method : "other";
      const key = `${shown} ${upstream} ${status} ${code} ${cache}`;
      let entry = series.get(key);
      if (entry === undefined) {
        const counter = requests.labels({ method: shown, upstream, status, code, cache });
        const timer = durations.labels({ method: shown, upstream });
        entry = { count: () => counter.inc(), time: (value) => timer.observe(value) };
        if (series.size < maxSeries) series.set(key, entry);
      }
      entry.count();
      entry.time((performance.now() - record.startedAt) / 1000);
      if (record.attempts > 1) retries.inc({ upstream }, record.attempts - 1);
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

type Observe = (seconds: number) => void;

function gauges(
  registers: Registry[],
  { upstreams, cache }: Pick<MetricsOptions, "upstreams" | "cache">,
): void {
  new Gauge({
    name: "lutra_gateway_replicas",
    help: "Replicas, by upstream and state",
    labelNames: ["upstream", "state"] as const,
    registers,
    collect() {
      this.reset();
      for (const { name, replicas } of upstreams()) {
        for (const { state } of replicas) this.inc({ upstream: name, state });
      }
    },
  });
  new Gauge({
    name: "lutra_gateway_in_flight",
    help: "Exchanges under way or waiting, by upstream",
    labelNames: ["upstream", "state"] as const,
    registers,
    collect() {
      for (const { name, inFlight, queued } of upstreams()) {
        this.set({ upstream: name, state: "running" }, inFlight);
        this.set({ upstream: name, state: "queued" }, queued);
      }
    },
  });
  new Gauge({
    name: "lutra_gateway_cache_bytes",
    help: "How much the response cache keeps",
    registers,
    collect() {
      this.set(cache()?.bytes ?? 0);
    },
  });
}
