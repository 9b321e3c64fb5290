/** The metrics that Prometheus scrapes: exchanges, the state of upstreams, and the process. */
import { coreMethods, type Method } from "lutra/protocol";
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from "prom-client";
import type { ExchangeRecord } from "../exchange-record.ts";
import type { UpstreamStatus } from "../upstreams/upstream.ts";
import { Durations, durationMetric, type LabelledDurations } from "./duration-histogram.ts";
import { EntryCounts } from "./entry-counts.ts";
import { EraCounts } from "./era-counts.ts";
import { ReloadState } from "./reload-state.ts";
import { UpstreamTimesTable } from "./upstream-times.ts";

export interface Metrics {
  /** Counts an exchange that has ended, with its HTTP status. */
  readonly observe: (record: ExchangeRecord, status: number) => void;
  /** Counts a reload of the configuration that was applied or refused. */
  readonly reloaded: (isApplied: boolean) => void;
  readonly contentType: string;
  /** Creates the response to a scrape. */
  readonly text: () => Promise<string>;
  /** Reads the values, which can be added to those of other processes. */
  readonly values: () => Promise<readonly MetricValues[]>;
}

/** The values of one metric, as prom-client represents them. */
export type MetricValues = MetricObjectWithValues<MetricValue<string>>;

export interface MetricsOptions {
  readonly methods?: readonly Method[] | undefined;
  readonly upstreams: () => readonly UpstreamStatus[];
  readonly cache: () => { readonly bytes: number; readonly entries: number } | undefined;
  /** Returns the state of the memory for responses. */
  readonly responses?: () => ResponseMemory;
  /** Returns the number of lines of the access log that could not be written. */
  readonly lostLines?: () => number;
}

interface ResponseMemory {
  /** The memory in use, in bytes. */
  readonly inUse: number;
  /** Number of responses that wait for memory. */
  readonly waiting: number;
  /** Number of responses that were refused. */
  readonly refused: number;
}

/** Maximum number of label combinations; exchanges beyond it are counted under "other". */
const maxSeries = 1000;

/** Creates metrics in a registry of their own, so that a process can run several gateways. */
export function createMetrics({ methods = [], ...sources }: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const series = new SeriesTable([...coreMethods, ...methods]);
  registerCounters([registry], series);
  registry.registerMetric(durationMetric(durationNames, () => series.durations()));
  registerGauges([registry], sources);
  const entries = new EntryCounts();
  const times = new UpstreamTimesTable();
  const reloads = new ReloadState();
  const eras = new EraCounts();
  entries.register([registry]);
  eras.register([registry]);
  times.register(registry);
  reloads.register([registry]);
  registerLostLines([registry], sources.lostLines);
  registerResponseMemory([registry], sources.responses);
  return {
    reloaded: (isApplied) => {
      reloads.observe(isApplied);
      if (isApplied) times.keepOnly(new Set(sources.upstreams().map(({ name }) => name)));
    },
    observe: (record, status) => {
      entries.observe(record, status);
      times.observe(record);
      eras.observe(record);
      const found = series.of(record, status);
      found.requests += 1;
      if (record.attempts > 1) found.retries += record.attempts - 1;
      found.durations.observe(record.ms);
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
    values: () => registry.getMetricsAsJSON(),
  };
}

const durationNames = {
  name: "lutra_gateway_request_duration_seconds",
  help: "Time from the arrival of a request to the end of its response, in seconds",
};

/**
 * The counts of exchanges with equal labels. The metrics of prom-client would look up their labels
 * for each exchange, so they read these counts when Prometheus scrapes them.
 */
interface Series {
  readonly labels: SeriesLabels;
  readonly durations: Durations;
  requests: number;
  retries: number;
}

interface SeriesLabels {
  readonly method: string;
  readonly upstream: string;
  readonly status: number;
  readonly code: string | number;
  readonly cache: string;
  /** Absent for the endpoint without a name. */
  readonly endpoint?: string;
}

/** The labels of an exchange, also of one at the endpoint without a name. */
type ObservedLabels = Omit<SeriesLabels, "endpoint"> & { readonly endpoint: string | undefined };

/** The labels of exchanges that exceed `maxSeries`. */
const overflow: SeriesLabels = { method: "other", upstream: "", status: 0, code: "", cache: "" };

class SeriesTable {
  readonly #knownMethods: ReadonlySet<string>;
  readonly #series = new Map<string, Series>();
  /** The last series of each upstream. */
  readonly #last = new Map<string, Series>();

  /** A client chooses its method names, so unknown ones are counted under "other". */
  constructor(known: readonly Method[]) {
    this.#knownMethods = new Set(known.map(({ name }) => name));
  }

  of(record: ExchangeRecord, status: number): Series {
    const { head, endpoint, upstream = "", code = "", cache = "" } = record;
    const method = this.#knownMethods.has(head.method ?? "") ? (head.method ?? "") : "other";
    const labels = { method, upstream, status, code, cache, endpoint };
    // Consecutive exchanges are often alike; comparing is faster than a lookup.
    const last = this.#last.get(upstream);
    if (last !== undefined && isSame(last.labels, labels)) return last;
    const found = this.#find(labels);
    if (this.#last.size >= maxSeries) this.#last.clear();
    this.#last.set(upstream, found);
    return found;
  }

  #find(labels: ObservedLabels): Series {
    const { endpoint, ...others } = labels;
    const { method, upstream, status, code, cache } = others;
    const key = `${method} ${upstream} ${status} ${code} ${cache} ${endpoint ?? ""}`;
    const found = this.#series.get(key);
    if (found !== undefined) return found;
    // An undefined label would have the text "undefined".
    const own = endpoint === undefined ? others : { ...others, endpoint };
    if (this.#series.size < maxSeries) return this.#add(key, own);
    return this.#series.get("") ?? this.#add("", overflow);
  }

  values(): Iterable<Series> {
    return this.#series.values();
  }

  /** Returns the durations by method and upstream. */
  durations(): Iterable<LabelledDurations> {
    const sums = new Map<string, LabelledDurations>();
    for (const { labels, durations } of this.#series.values()) {
      const { method, upstream } = labels;
      const key = `${method} ${upstream}`;
      const sum = sums.get(key) ?? { labels: { method, upstream }, durations: new Durations() };
      sum.durations.add(durations);
      sums.set(key, sum);
    }
    return sums.values();
  }

  #add(key: string, labels: SeriesLabels): Series {
    const added = { labels, durations: new Durations(), requests: 0, retries: 0 };
    this.#series.set(key, added);
    return added;
  }
}

function isSame(a: SeriesLabels, b: ObservedLabels): boolean {
  return (
    a.method === b.method &&
    a.upstream === b.upstream &&
    a.status === b.status &&
    a.code === b.code &&
    a.cache === b.cache &&
    a.endpoint === b.endpoint
  );
}

function registerCounters(registers: Registry[], series: SeriesTable): void {
  new Counter({
    name: "lutra_gateway_requests_total",
    help: "Requests, by method, upstream, HTTP status, JSON-RPC code, cache outcome and endpoint",
    labelNames: ["method", "upstream", "status", "code", "cache", "endpoint"] as const,
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
    // Each of several processes has all replicas.
    aggregator: "max",
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
      this.reset();
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

/** Registers the number of lines that the access log has lost. */
export function registerLostLines(registers: Registry[], lostLines: () => number = () => 0): void {
  new Counter({
    // Several processes have one log, which their supervisor writes.
    aggregator: "omit",
    name: "lutra_gateway_log_lines_lost_total",
    help: "Lines of the access log that could not be written",
    registers,
    collect() {
      this.reset();
      this.inc(lostLines());
    },
  });
}

const noMemory: ResponseMemory = { inUse: 0, waiting: 0, refused: 0 };

function registerResponseMemory(
  registers: Registry[],
  responses: () => ResponseMemory = () => noMemory,
): void {
  new Gauge({
    name: "lutra_gateway_response_bytes",
    help: "Memory of responses that are parsed or not received by clients yet, in bytes",
    registers,
    collect() {
      this.set(responses().inUse);
    },
  });
  new Gauge({
    name: "lutra_gateway_responses_waiting",
    help: "Responses that wait for memory",
    registers,
    collect() {
      this.set(responses().waiting);
    },
  });
  new Counter({
    name: "lutra_gateway_responses_refused_total",
    help: "Responses that waited too long for memory",
    registers,
    collect() {
      this.reset();
      this.inc(responses().refused);
    },
  });
}
