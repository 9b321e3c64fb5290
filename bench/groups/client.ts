/** Clients on Node against the baseline server: one call at a time, and 16 in flight. */
import { type Contender, start, withContenders } from "../contender.ts";
import type { Calls } from "../messages.ts";
import type { Plan } from "../plan.ts";
import { type Row, row, significant, type Target } from "../row.ts";
import { alternate, median, ratios } from "../statistics.ts";

const names = ["bare", "official", "lutra"];
const inFlights = [1, 16];

export async function client(plan: Plan): Promise<readonly Row[]> {
  const all = inFlights.map((inFlight) => ({ inFlight, calls: names.map((): Calls[] => []) }));
  for (let generation = 0; generation < plan.generations; generation += 1) {
    await withClients(async (clients) => {
      for (const { inFlight, calls } of all) {
        const results = await measure(clients, inFlight, plan);
        for (const [index, series] of calls.entries()) series.push(...(results[index] ?? []));
      }
    });
  }
  return all.flatMap(({ inFlight, calls }) => toRows(inFlight, calls));
}

/** Runs `use` with a new baseline server and new clients. */
function withClients(use: (clients: readonly Contender[]) => Promise<void>): Promise<void> {
  return withContenders([start("bare node:http", "./servers/bare-node.mjs")], ([server]) => {
    const options = { args: [`http://127.0.0.1:${server?.port}/mcp`], core: 1 } as const;
    const starting = names.map((name) => start(name, `./clients/${name}.mjs`, options));
    return withContenders(starting, use);
  });
}

async function measure(
  clients: readonly Contender[],
  inFlight: number,
  { rounds, roundMs, warmUpMs }: Plan,
): Promise<readonly (readonly Calls[])[]> {
  for (const each of clients) await each.call(inFlight, warmUpMs);
  return await alternate(clients, rounds, (each) => each.call(inFlight, roundMs));
}

function toRows(inFlight: number, results: readonly Calls[][]): readonly Row[] {
  const [bare, official, lutra] = results as [Calls[], Calls[], Calls[]];
  const what = `callTool, ${inFlight === 1 ? "one at a time" : `${inFlight} in flight`}`;
  const reference = "bare undici.request";
  const throughput = (name: string, series: readonly Calls[], target?: Target) =>
    row({
      what: `${what}: ${name} / ${reference}`,
      values: ratios(series.map(perSecond), bare.map(perSecond)),
      medians: `${middle(series, perSecond)} / ${middle(bare, perSecond)} per second`,
      ...(target && { target }),
    });
  return [
    throughput("Lutra", lutra, { atLeast: 0.6 }),
    row({
      what: `${what}, CPU per call: Lutra / ${reference}`,
      values: ratios(lutra.map(cpuPerCall), bare.map(cpuPerCall)),
      medians: `${middle(lutra, cpuPerCall)} / ${middle(bare, cpuPerCall)} µs`,
    }),
    throughput("official client", official),
  ];
}

function perSecond({ count, ms }: Calls): number {
  return (count / ms) * 1000;
}

function cpuPerCall({ count, cpuMicros }: Calls): number {
  return cpuMicros / count;
}

function middle(series: readonly Calls[], of: (calls: Calls) => number): string {
  return significant(median(series.map(of)));
}
