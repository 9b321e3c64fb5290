/** The gateway and other proxies that route on the same header to two upstreams. */
import { start, withContenders } from "../contender.ts";
import { toolCalls, toolLists } from "../exchanges.ts";
import { foreignNames, whyMissing } from "../foreign-proxy.ts";
import { Load } from "../load.ts";
import type { Plan } from "../plan.ts";
import {
  compareProxies,
  connectionCounts,
  emptySeries,
  measureInTurn,
  names,
  type SeriesByCount,
  withUpstreams,
} from "../proxied.ts";
import { missing, type Row, row, significant } from "../row.ts";
import { median } from "../statistics.ts";
import {
  connections,
  cpuRow,
  latencyRow,
  type Series,
  throughputRow,
  warmUp,
} from "../throughput.ts";

export async function gateway(plan: Plan): Promise<readonly Row[]> {
  return [...(await proxyRows(plan)), ...(await cachedRows(plan)), ...(await memoryRows(plan))];
}

async function proxyRows(plan: Plan): Promise<readonly Row[]> {
  const [direct, lutra, ...others] = await compareProxies(plan);
  const floor = others.find(({ name }) => name === names.floor);
  if (direct === undefined || lutra === undefined || floor === undefined) return [];
  const proxies = [lutra, ...others];
  const absent = foreignNames.flatMap((name) => {
    const why = whyMissing(name);
    return why === undefined ? [] : [missing(`${name} / ${names.direct}`, why)];
  });
  return [
    ...connectionCounts.flatMap((count) => [
      targetRow(count, [lutra.series, floor.series]),
      ...proxies.map(({ series }) =>
        throughputRow(whatAt(count), [series[count], direct.series[count]]),
      ),
    ]),
    latencyRow(whatAt(64), [lutra.series[64], floor.series[64]], { atMost: 1.5 }),
    ...others
      .filter((each) => each !== floor)
      .map(({ series }) => latencyRow(whatAt(64), [series[64], floor.series[64]])),
    ...proxies
      .filter((each) => each !== floor)
      .map(({ series }) => cpuRow(whatAt(16), [series[16], floor.series[16]])),
    ...proxies.map(({ series }) => addedRow(series[1], direct.series[1])),
    ...absent,
  ];
}

/** With one connection, both mostly wait, so the target applies to several connections. */
function targetRow(
  count: (typeof connectionCounts)[number],
  [lutra, floor]: readonly [SeriesByCount, SeriesByCount],
): Row {
  const target = count === 1 ? undefined : { atLeast: 0.95 };
  return throughputRow(whatAt(count), [lutra[count], floor[count]], target);
}

function whatAt(count: number): string {
  return `tools/call through a proxy, ${count} connection${count === 1 ? "" : "s"}`;
}

/** The latency that a proxy adds to a call. */
function addedRow(proxy: Series, direct: Series): Row {
  const micros = (series: Series) => series.of("p50Ms").map((ms) => ms * 1000);
  const without = micros(direct);
  const values = micros(proxy).map((value, index) => value - (without[index] ?? Number.NaN));
  const [through, alone] = [median(micros(proxy)), median(without)];
  return row({
    what: `added p50 latency, 1 connection: ${proxy.name}`,
    values,
    medians: `${significant(through)} / ${significant(alone)} µs`,
    unit: " µs",
  });
}

/** `tools/list` from the gateway's cache, beside a direct server. */
async function cachedRows(plan: Plan): Promise<readonly Row[]> {
  const direct = emptySeries("Lutra without a gateway");
  const cached = emptySeries("Lutra, from the cache");
  for (let generation = 0; generation < plan.generations; generation += 1) {
    await withUpstreams((origins) => {
      const args = [...origins, "routed"];
      const starting = [
        start(direct[1].name, "./servers/upstream.mjs"),
        start(cached[1].name, "./proxies/lutra.mjs", { args }),
      ];
      return withContenders(starting, async (both) => {
        const loads = both.map(({ port }) => new Load(port, toolLists(port, 22)));
        // The first answer comes from an upstream and has the replica header.
        for (const load of loads) await load.learn();
        await warmUp(loads, plan);
        for (const count of connectionCounts) {
          const [a = [], b = []] = await measureInTurn(both, loads, { count, plan });
          direct[count].rounds.push(...a);
          cached[count].rounds.push(...b);
        }
      });
    });
  }
  return [
    ...connectionCounts.map((count) => {
      const target = count === connections ? { atLeast: 0.8 } : undefined;
      const what = `tools/list of 22, ${count} connection${count === 1 ? "" : "s"}`;
      return throughputRow(what, [cached[count], direct[count]], target);
    }),
    cpuRow("tools/list of 22, 16 connections", [cached[16], direct[16]]),
  ];
}

async function memoryRows({ gatewayMemoryAt }: Plan): Promise<readonly Row[]> {
  if (gatewayMemoryAt === undefined) return [];
  const [few, many] = gatewayMemoryAt;
  return await withUpstreams((origins) => {
    const options = { args: [...origins, "routed"], nodeOptions: ["--expose-gc"] };
    return withContenders([start("Lutra", "./proxies/lutra.mjs", options)], async ([lutra]) => {
      if (lutra === undefined) return [];
      const load = new Load(lutra.port, toolCalls(lutra.port), { maySleep: true });
      await load.learn();
      await load.run(connections, { count: few });
      const { rssBytes: early } = await lutra.usage(true);
      await load.run(connections, { count: many - few });
      const { rssBytes: late } = await lutra.usage(true);
      const megabytes = (bytes: number) => significant(bytes / 1_000_000);
      return [
        row({
          what: `resident memory after ${many / 1000}k / ${few / 1000}k calls: Lutra's gateway`,
          values: [late / early],
          medians: `${megabytes(late)} / ${megabytes(early)} MB, after a collection`,
          target: { atMost: 1.1 },
        }),
      ];
    });
  });
}
