/** What Prometheus reads: counts and durations of exchanges, and the state of upstreams. */
import { coreMethods, type Method } from "lutra/protocol";
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";
import { DurationHistogram, histogramText } from "./duration-histogram.ts";

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

/** Series that are kept; what would be beyond is counted under "other". */
const maxSeries = 1000;

/** Collects in a registry of its own, so that several gateways may live in one process. */
export function createMetrics({ methods = [], ...sources }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // A client chooses its method; the number of series must not be its choice.
  const known = new Set([...coreMethods, ...methods].map(({ name }) => name));
  const series = new Map<string, Series>();
  /** Requests come in runs that look the same; finding those needs no key. */
  let last: Series | undefined;
  const durations = new Map<string, DurationHistogram>();
  counters([registry], series);
  gauges([registry], sources);

  function find(record: ExchangeRecord, status: number): Series {
    const { head, upstream, code, cache } = record;
    const method = known.has(head.method ?? "") ? head.method : "";
    const key = `${method} ${upstream} ${status} ${code} ${cache}`;
    return series.get(key) ?? open(key, record, status);
  }

  function open(key: string, record: ExchangeRecord, status: number): Series {
    const isRoom = series.size < maxSeries;
    const { method = "" } = record.head;
    const { upstream = "", code = "", cache = "" } = record;
    const own = { method: known.has(method) ? method : "other", upstream };
    const labels = isRoom ? { ...own, status, code, cache } : beyond;
    const name = isRoom ? key : "";
    const duration = new DurationHistogram({ method: labels.method, upstream: labels.upstream });
    const found = series.get(name);
    if (found !== undefined) return found;
    const shared = durations.get(duration.name) ?? duration;
    durations.set(shared.name, shared);
    const opened: Series = {
      labels,
      like: shapeOf(record, status),
      requests: 0,
      retries: 0,
      duration: shared,
    };
    series.set(name, opened);
    return opened;
  }

  return {
    observe: (record, status) => {
      if (last === undefined || !isLike(last.like, record, status)) last = find(record, status);
      last.requests += 1;
      const { attempts, ms } = record;
      if (attempts > 1) last.retries += attempts - 1;
      last.duration.observe(ms / 1000);
    },
    contentType: registry.contentType,
    text: async () => (await registry.metrics()) + histogramText([...durations.values()]),
  };
}

/** What is counted of requests that look the same. Adding to it is all that a request costs. */
interface Series {
  readonly like: Shape;
  readonly labels: { readonly [label: string]: string | number };
  requests: number;
  retries: number;
  readonly duration: DurationHistogram;
}

/** What makes requests count as the same. */
type Shape = Pick<ExchangeRecord, "upstream" | "code" | "cache"> & {
  readonly method: string | undefined;
  readonly status: number;
};

function shapeOf({ head, upstream, code, cache }: ExchangeRecord, status: number): Shape {
  return { method: head.method, upstream, status, code, cache };
}

function isLike(like: Shape, record: ExchangeRecord, status: number): boolean {
  return (
    like.method === record.head.method &&
    like.upstream === record.upstream &&
    like.status === status &&
    like.code === record.code &&
    like.cache === record.cache
  );
}

const beyond = { method: "other", upstream: "", status: 0, code: "", cache: "" };

function counters(registers: Registry[], series: ReadonlyMap<string, Series>): void {
  new Counter({
    name: "lutra_gateway_requests_total",
    help: "Requests, by method, upstream, HTTP status, JSON-RPC code and what the cache did",
    labelNames: ["method", "upstream", "status", "code", "cache"] as const,
    registers,
    collect() {
      this.reset();
      for (const { labels, requests } of series.values()) this.inc(labels, requests);
    },
  });
  new Counter({
    name: "lutra_gateway_retries_total",
    help: "Requests that were sent to one more replica",
    labelNames: ["upstream"] as const,
    registers,
    collect() {
      this.reset();
      for (const { labels, retries } of series.values()) {
        this.inc({ upstream: labels.upstream ?? "" }, retries);
      }
    },
  });
}

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
