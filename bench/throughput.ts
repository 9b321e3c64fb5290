/** Drives several servers in alternating rounds and records their cost per request. */
import { type Contender, type ContenderOptions, start, withContenders } from "./contender.ts";
import type { Exchange } from "./exchanges.ts";
import { Load, type Sample } from "./load.ts";
import type { Plan } from "./plan.ts";
import { type Row, row, significant, type Target } from "./row.ts";
import { alternate, median, ratios } from "./statistics.ts";

/** A server to start. */
export interface Entry extends ContenderOptions {
  readonly name: string;
  readonly file: string | URL;
}

/** The figures of one server in one round. */
interface Measured extends Sample {
  readonly cpuMicros: number;
}

/** All rounds of one server. */
export class Series {
  readonly name: string;
  readonly rounds: Measured[] = [];
  /** The body of its first response. */
  body = "";

  constructor(name: string) {
    this.name = name;
  }

  of(column: keyof Measured): readonly number[] {
    return this.rounds.map((round) => round[column]);
  }

  /** Returns the median of a column, as text. */
  show(column: keyof Measured): string {
    return significant(median(this.of(column)));
  }
}

export const connections = 16;

const warmUpCount = 5000;

/** Returns the requests for a server, the one at `index` of those that are compared. */
type ExchangesOf = (
  port: number,
  server: Contender,
  index: number,
) => readonly Exchange[] | Promise<readonly Exchange[]>;

/**
 * Starts every server, warms them up and measures them in turn. Repeats this several times, because
 * two processes of one program can differ by a tenth for their whole lifetime.
 */
export async function compare(
  entries: readonly Entry[],
  exchangesOf: ExchangesOf,
  plan: Plan,
): Promise<readonly Series[]> {
  const all = entries.map(({ name }) => new Series(name));
  for (let generation = 0; generation < plan.generations; generation += 1) {
    const starting = entries.map(({ name, file, ...options }) => start(name, file, options));
    await withContenders(starting, async (servers) => {
      const exchanges = servers.map((server, index) => exchangesOf(server.port, server, index));
      const sent = await Promise.all(exchanges);
      const loads = servers.map(({ port }, index) => new Load(port, sent[index] ?? []));
      await warmUp(loads, plan);
      const results = await alternate(servers, plan.rounds, (server, index) =>
        measure(server, loads[index] as Load, plan),
      );
      for (const [index, series] of all.entries()) {
        series.rounds.push(...(results[index] ?? []));
        series.body = loads[index]?.body ?? "";
      }
    });
  }
  return all;
}

/** A slow server gets up to three times the time, so that its code is also compiled. */
export async function warmUp(loads: readonly Load[], { warmUpMs }: Plan): Promise<void> {
  for (const load of loads) {
    await load.learn();
    let count = 0;
    for (let part = 0; part < 3 && count < warmUpCount; part += 1) {
      count += (await load.run(connections, { durationMs: warmUpMs })).count;
    }
  }
}

async function measure(server: Contender, load: Load, { roundMs }: Plan): Promise<Measured> {
  const before = await server.usage();
  const sample = await load.run(connections, { durationMs: roundMs });
  const after = await server.usage();
  return { ...sample, cpuMicros: (after.cpuMicros - before.cpuMicros) / sample.count };
}

/** Requires that two servers answer with the same bytes, so that both do the same work. */
export function requireSameBody(a: Series, b: Series): void {
  if (a.body !== b.body) throw new Error(`answers differ:\n${a.body}\n${b.body}`);
}

type Pair = readonly [Series, Series];

/** Creates a row with the ratio of two servers' requests per second. */
export function throughputRow(what: string, [a, b]: Pair, target?: Target): Row {
  return row({
    what: `${what}: ${a.name} / ${b.name}`,
    values: ratios(a.of("perSecond"), b.of("perSecond")),
    medians: `${a.show("perSecond")} / ${b.show("perSecond")} per second`,
    ...(target && { target }),
  });
}

/** Creates a row with the ratio of two servers' 99th percentiles of latency. */
export function latencyRow(what: string, [a, b]: Pair, target?: Target): Row {
  return row({
    what: `${what}, p99 latency: ${a.name} / ${b.name}`,
    values: ratios(a.of("p99Ms"), b.of("p99Ms")),
    medians: `${a.show("p99Ms")} / ${b.show("p99Ms")} ms (p50 ${a.show("p50Ms")} / ${b.show("p50Ms")})`,
    ...(target && { target }),
  });
}

/** Creates a row with the ratio of two servers' processor time per request. */
export function cpuRow(what: string, [a, b]: Pair, target?: Target): Row {
  return row({
    what: `${what}, CPU per request: ${a.name} / ${b.name}`,
    values: ratios(a.of("cpuMicros"), b.of("cpuMicros")),
    medians: `${a.show("cpuMicros")} / ${b.show("cpuMicros")} µs`,
    ...(target && { target }),
  });
}
