/**
 * Measures proxies in alternating rounds. A proxy has the first core to itself; the upstreams share
 * the second core with the load, so that the proxy is the bottleneck.
 */
import { type Contender, start, withContenders } from "./contender.ts";
import { toolCalls } from "./exchanges.ts";
import { foreignNames, type RunningProxy, startForeign, whyMissing } from "./foreign-proxy.ts";
import { Load } from "./load.ts";
import type { Plan } from "./plan.ts";
import { secondTool } from "./proxies/routing.ts";
import { alternate } from "./statistics.ts";
import { Series, warmUp } from "./throughput.ts";

export const connectionCounts = [1, 16, 64] as const;

export type ConnectionCount = (typeof connectionCounts)[number];

/** The rounds of one contender, by the number of connections. */
export type SeriesByCount = { readonly [count in ConnectionCount]: Series };

/** Starts a contender, given the origins of the upstreams. */
interface Entry {
  readonly name: string;
  readonly start: (origins: readonly [string, string]) => Promise<RunningProxy>;
  /** The names of the tools that are called at both upstreams in turn. */
  readonly tools: readonly string[];
}

export const names = {
  direct: "direct",
  lutra: "Lutra",
  merged: "Lutra, merged and renamed",
  floor: "undici.request",
  copy: "TCP copy in Node",
  httpCopy: "HTTP copy in Node",
} as const;

const tools = ["add", secondTool];

const entries: readonly Entry[] = [
  { name: names.direct, start: async ([first]) => direct(first), tools },
  { name: names.lutra, start: program(names.lutra, "lutra", ["routed"]), tools },
  {
    name: names.merged,
    start: program(names.merged, "lutra", ["merged"]),
    tools: ["first.add", `second.${secondTool}`],
  },
  { name: names.floor, start: program(names.floor, "undici"), tools },
  { name: "@fastify/reply-from", start: program("@fastify/reply-from", "fastify"), tools },
  { name: "http-proxy-3", start: program("http-proxy-3", "http-proxy"), tools },
  { name: names.copy, start: program(names.copy, "tcp-copy"), tools },
  { name: names.httpCopy, start: program(names.httpCopy, "http-copy"), tools },
  ...foreignNames
    .filter((name) => whyMissing(name) === undefined)
    .map((name) => ({
      name,
      start: (origins: readonly [string, string]) => startForeign(name, origins),
      tools,
    })),
];

/** Runs `use` with two new upstreams on the core of the load. */
export function withUpstreams<T>(
  use: (origins: readonly [string, string]) => Promise<T>,
): Promise<T> {
  const upstream = () => start("an upstream", "./servers/upstream.mjs", { core: 1 });
  return withContenders([upstream(), upstream()], ([first, second]) =>
    use([originOf(first as Contender), originOf(second as Contender)]),
  );
}

/** Returns the figures of all contenders in all rounds, in order. */
export async function compareProxies(
  plan: Plan,
): Promise<readonly { readonly name: string; readonly series: SeriesByCount }[]> {
  const all = entries.map(({ name }) => ({ name, series: emptySeries(name) }));
  for (let generation = 0; generation < plan.generations; generation += 1) {
    await withUpstreams((origins) =>
      withProxies(entries, origins, async (proxies) => {
        const loads = proxies.map(
          ({ port }, index) =>
            new Load(port, toolCalls(port, entries[index]?.tools), { maySleep: true }),
        );
        await warmUp(loads, plan);
        for (const count of connectionCounts) {
          const rounds = await measureInTurn(proxies, loads, { count, plan });
          for (const [index, { series }] of all.entries()) {
            series[count].rounds.push(...(rounds[index] ?? []));
          }
        }
      }),
    );
  }
  return all;
}

interface Turn {
  readonly count: number;
  readonly plan: Plan;
}

/** Measures all contenders in turn, round after round. */
export function measureInTurn(
  proxies: readonly RunningProxy[],
  loads: readonly Load[],
  { count, plan: { rounds, roundMs } }: Turn,
) {
  return alternate(proxies, rounds, async (proxy, index) => {
    const before = await proxy.usage();
    const sample = await (loads[index] as Load)
      .run(count, { durationMs: roundMs })
      .catch((cause: unknown) => {
        throw new Error(`${proxy.name}, ${count} connections: ${cause}`, { cause });
      });
    const after = await proxy.usage();
    return { ...sample, cpuMicros: (after.cpuMicros - before.cpuMicros) / sample.count };
  });
}

export function emptySeries(name: string): SeriesByCount {
  return { 1: new Series(name), 16: new Series(name), 64: new Series(name) };
}

async function withProxies(
  entries: readonly Entry[],
  origins: readonly [string, string],
  use: (proxies: readonly RunningProxy[]) => Promise<void>,
): Promise<void> {
  const settled = await Promise.allSettled(entries.map((entry) => entry.start(origins)));
  const proxies = settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  try {
    for (const each of settled) if (each.status === "rejected") throw each.reason;
    await use(proxies);
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  }
}

/** The first upstream in place of a proxy. Its resource usage is not counted. */
function direct(origin: string): RunningProxy {
  return {
    name: names.direct,
    port: Number(new URL(origin).port),
    usage: async () => ({ cpuMicros: 0, rssBytes: 0 }),
    stop: async () => {},
  };
}

function program(name: string, file: string, more: readonly string[] = []): Entry["start"] {
  return (origins) => start(name, `./proxies/${file}.mjs`, { args: [...origins, ...more] });
}

function originOf({ port }: Contender): string {
  return `http://127.0.0.1:${port}`;
}
