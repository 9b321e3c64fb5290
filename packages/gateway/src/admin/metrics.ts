/** The metrics that Prometheus scrapes: exchanges, the state of upstreams, and the process. */
import { coreMethods, type Method } from "lutra/protocol";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";

export interface Metrics {
  /** Counts an exchange that has ended, with its HTTP status. */
  readonly observe: (record: ExchangeRecord, status: number) => void;
  readonly contentType: string;
  /** Creates the response to a scrape. */
  readonly text: () => Promise<string>;
}

export interface MetricsOptions {
  readonly methods?: readonly Method[] | undefined;
  readonly upstreams: () => readonly UpstreamStatus[];
  readonly cache: () => { readonly bytes: number; readonly entries: number } | undefined;
}

/** Maximum number of label combinations; exchanges beyond it are counted under "other". */
const maxSeries = 1000;

/** Upper bounds of the duration histogram, in seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Creates metrics in a registry of their own, so that a process can run several gateways. */
export function createMetrics({ methods = [], ...sources }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const series = new SeriesTable([...coreMethods, ...methods]);
  registerCounters([registry], series);
  const durations = new Histogram({
    name: "lutra_gateway_request_duration_seconds",
    help: "Time from the arrival of a request to the end of its response, in seconds",
    labelNames: ["method", "upstream"] as const,
    buckets,
    registers: [registry],
  });
  registerGauges([registry], sources);
  return {
    observe: (record, status) => {
      const found = series.of(record, status);
      found.requests += 1;
      if (record.attempts > 1) found.retries += record.attempts - 1;
      durations.observe(found.durationLabels, record.ms / 1000);
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

/**
 * The counts of exchanges with equal labels. The counters of prom-client would look up their labels
 * for each exchange, so they read these counts when Prometheus scrapes them.
 */
interface Series {
  readonly labels: SeriesLabels;
  readonly durationLabels: Pick<SeriesLabels, "method" | "upstream">;
  requests: number;
  retries: number;
}

interface SeriesLabels {
  readonly method: string;
  readonly upstream: string;
  readonly status: number;
  readonly code: string | number;
  readonly cache: string;
}

/** The labels of exchanges that exceed `maxSeries`. */
const overflow: SeriesLabels = { method: "other", upstream: "", status: 0, code: "", cache: "" };

class SeriesTable {
  readonly #knownMethods: ReadonlySet<string>;
  readonly #series = new Map<string, Series>();

  /** A client chooses its method names, so unknown ones are counted under "other". */
  constructor(known: readonly Method[]) {
    this.#knownMethods = new Set(known.map(({ name }) => name));
  }

  of(record: ExchangeRecord, status: number): Series {
    const { head, upstream = "", code = "", cache = "" } = record;
    const method = this.#knownMethods.has(head.method ?? "") ? (head.method ?? "") : "other";
    const key = `${method} ${upstream} ${status} ${code} ${cache}`;
    const found = this.#series.get(key);
    if (found !== undefined) return found;
    if (this.#series.size < maxSeries) {
      return this.#add(key, { method, upstream, status, code, cache });
    }
    return this.#series.get("") ?? this.#add("", overflow);
  }

  values(): Iterable<Series> {
    return this.#series.values();
  }

  #add(key: string, labels: SeriesLabels): Series {
    const { method, upstream } = labels;
    const added = { labels, durationLabels: { method, upstream }, requests: 0, retries: 0 };
    this.#series.set(key, added);
    return added;
  }
}

function registerCounters(registers: Registry[], series: SeriesTable): void {
  new Counter({
    name: "lutra_gateway_requests_total",
    help: "Requests, by method, upstream, HTTP status, JSON-RPC code and cache outcome",
    labelNames: ["method", "upstream", "status", "code", "cache"] as const,
    registers,
    collect() {
      this.reset();
      for (const { labels, requests } of series.values()) this.inc({ ...labels }, requests);
    },
  });
  new Counter({
    name: "lutra_gateway_retries_total",
    help: "Retries on another replica, by upstream",
    labelNames: ["upstream"] as const,
    registers,
    collect() {
      this.reset();
      for (const { labels, retries } of series.values()) {
        this.inc({ upstream: labels.upstream }, retries);
      }
    },
  });
}

function registerGauges(
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
    help: "Exchanges in flight or queued, by upstream",
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
    help: "Size of the response cache, in bytes",
    registers,
    collect() {
      this.set(cache()?.bytes ?? 0);
    },
  });
}
