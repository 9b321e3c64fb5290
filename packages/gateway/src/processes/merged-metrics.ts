/** The metrics of all processes, summed, with those of the supervisor. */
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import { type Metrics, type MetricValues, registerLostLines } from "../admin/metrics.ts";
import { ReloadState } from "../admin/reload-state.ts";

export interface MergedMetrics extends Pick<Metrics, "contentType" | "text"> {
  /** Counts a reload that was applied or refused. */
  readonly reloaded: (isApplied: boolean) => void;
  /** Counts a process that has died, and keeps its counts. */
  readonly ended: (process: number) => Promise<void>;
}

export interface MergedMetricsOptions {
  /** Reads the values of the processes that answer, by the number of the process. */
  readonly scrape: () => Promise<ReadonlyMap<number, readonly MetricValues[]>>;
  /** Returns the number of processes that serve. */
  readonly running: () => number;
  readonly lostLines: () => number;
  /** Returns the number of messages that were dropped. */
  readonly lostEvents: () => number;
}

/** The types of metrics that only increase, so that a process that has ended must still count. */
const countedTypes: ReadonlySet<unknown> = new Set(["counter", "histogram"]);

/** Creates the metrics. Counters do not decrease when a process is replaced. */
export function createMergedMetrics(options: MergedMetricsOptions): MergedMetrics {
  const own = new Registry();
  const reloads = new ReloadState();
  reloads.register([own]);
  registerLostLines([own], options.lostLines);
  const deaths = registerProcesses([own], options);
  const supervisor = new Registry();
  collectDefaultMetrics({ register: supervisor });
  const latest = new Map<number, readonly MetricValues[]>();
  /** The counts of the processes that have ended. */
  let past: readonly MetricValues[] = [];

  return {
    contentType: own.contentType,
    text: async () => {
      for (const [number, values] of await options.scrape()) latest.set(number, values);
      const values = [await supervisor.getMetricsAsJSON(), ...latest.values(), past];
      return `${await sumOf(values).metrics()}\n${await own.metrics()}`;
    },
    reloaded: (isApplied) => reloads.observe(isApplied),
    ended: async (number) => {
      deaths.inc();
      const values = latest.get(number) ?? [];
      latest.delete(number);
      const counted = values.filter(({ type }) => countedTypes.has(type));
      past = await sumOf([past, counted]).getMetricsAsJSON();
    },
  };
}

function sumOf(values: readonly (readonly MetricValues[])[]): Registry {
  return AggregatorRegistry.aggregate([...values]);
}

function registerProcesses(
  registers: Registry[],
  { running, lostEvents }: MergedMetricsOptions,
): Counter {
  new Gauge({
    name: "lutra_gateway_processes",
    help: "Processes of the gateway that serve",
    registers,
    collect() {
      this.set(running());
    },
  });
  new Counter({
    name: "lutra_gateway_events_lost_total",
    help: "Events between the processes that were dropped because one of them did not read",
    registers,
    collect() {
      this.reset();
      this.inc(lostEvents());
    },
  });
  return new Counter({
    name: "lutra_gateway_process_deaths_total",
    help: "Processes of the gateway that died and were replaced",
    registers,
  });
}
