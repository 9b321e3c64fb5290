/**
 * The gateway with two processes against one. The processes may use both cores, which they share with
 * the load generator and the upstream. The ratio of the rates is therefore a lower bound; the ratio of
 * the processor time per request, with the supervisor, shows what two free cores would allow.
 */
import { type Contender, start, withContenders } from "../contender.ts";
import { toolCalls } from "../exchanges.ts";
import { Load } from "../load.ts";
import type { Plan } from "../plan.ts";
import { measureInTurn, withUpstreams } from "../proxied.ts";
import { type Row, row, significant } from "../row.ts";
import { median, ratios } from "../statistics.ts";
import { cpuRow, latencyRow, Series, throughputRow, warmUp } from "../throughput.ts";

const connections = 64;
/** Rounds are longer than others by this factor, so that reading the processor time weighs less. */
const longer = 4;
const what = `tools/call through a gateway, ${connections} connections, shared cores`;

export async function processes(plan: Plan): Promise<readonly Row[]> {
  const [two, one] = [new Series("2 processes"), new Series("1 process")];
  for (let generation = 0; generation < plan.generations; generation += 1) {
    await withUpstreams(([origin]) =>
      withContenders([startWith(origin, 2), startWith(origin, 1)], async (gateways) => {
        const loads = gateways.map(
          ({ port }) => new Load(port, toolCalls(port), { maySleep: true }),
        );
        await warmUp(loads, plan);
        const roundMs = longer * plan.roundMs;
        const turn = { count: connections, plan: { ...plan, roundMs } };
        const rounds = await measureInTurn(gateways, loads, turn);
        for (const [index, series] of [two, one].entries()) {
          series.rounds.push(...(rounds[index] ?? []));
        }
      }),
    );
  }
  return [
    throughputRow(what, [two, one]),
    latencyRow(what, [two, one]),
    cpuRow(what, [two, one]),
    capacityRow([two, one]),
  ];
}

function startWith(origin: string, count: number): Promise<Contender> {
  const args = [origin, String(count)];
  return start(`${count} processes`, "./proxies/processes.mjs", { args, core: "both" });
}

/** Twice the processor time of one process per request, divided by that of two with the supervisor. */
function capacityRow([two, one]: readonly [Series, Series]): Row {
  const values = ratios(one.of("cpuMicros"), two.of("cpuMicros")).map((ratio) => 2 * ratio);
  return row({
    what: "computed rate of 2 processes on 2 free cores / 1 process on 1 core",
    values,
    medians: `2 x ${significant(median(one.of("cpuMicros")))} / ${significant(median(two.of("cpuMicros")))} µs`,
    target: { atLeast: 1.7 },
  });
}
