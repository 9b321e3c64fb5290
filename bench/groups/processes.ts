/**
 * The gateway with two processes against one, in two ways. On shared cores, the processes compete with
 * the load generator and the upstream, so that the ratio of the rates is a lower bound. With shares,
 * each process gets the same part of a core and no more, and the cores have free time for the rest:
 * as two processes where two cores are free, only slower.
 */
import { type Contender, start, withContenders } from "../contender.ts";
import { toolCalls } from "../exchanges.ts";
import { Load } from "../load.ts";
import type { Plan } from "../plan.ts";
import { measureInTurn, withUpstreams } from "../proxied.ts";
import { childrenOf, limitToShare, whyNoQuota } from "../quota.ts";
import { missing, type Row, row, significant } from "../row.ts";
import { median, ratios } from "../statistics.ts";
import { cpuRow, latencyRow, Series, throughputRow, warmUp } from "../throughput.ts";

const connections = 64;
/** Rounds are longer than others by this factor, so that reading the processor time weighs less. */
const longer = 4;
/** The part of a core that each process gets. */
const share = 0.3;
const what = `tools/call through a gateway, ${connections} connections`;

export async function processes(plan: Plan): Promise<readonly Row[]> {
  const shared = `${what}, shared cores`;
  const [two, one] = await compareProcesses(plan, () => async () => {});
  const rows = [
    throughputRow(shared, [two, one]),
    latencyRow(shared, [two, one]),
    cpuRow(shared, [two, one]),
    capacityRow([two, one]),
  ];
  return [...rows, ...(await withShares(plan))];
}

async function withShares(plan: Plan): Promise<readonly Row[]> {
  const each = `${what}, ${share} of a core for each process`;
  const why = whyNoQuota();
  if (why !== undefined) return [missing(each, why)];
  const pair = await compareProcesses(plan, ([two, one]) =>
    limitToShare([...setsOf(two as Contender), [(one as Contender).pid]], share),
  );
  return [throughputRow(each, pair, { atLeast: 1.7 }), cpuRow(each, pair)];
}

/** The processes of a gateway by share: the supervisor shares that of the first. */
function setsOf({ pid }: Contender): readonly (readonly number[])[] {
  const [first, ...others] = childrenOf(pid);
  return [[pid, first as number], ...others.map((other) => [other])];
}

/** Measures both gateways in turn, after `limit`, whose outcome is called once they have ended. */
async function compareProcesses(
  plan: Plan,
  limit: (gateways: readonly Contender[]) => () => Promise<void>,
): Promise<readonly [Series, Series]> {
  const [two, one] = [new Series("2 processes"), new Series("1 process")];
  for (let generation = 0; generation < plan.generations; generation += 1) {
    let release = async () => {};
    await withUpstreams(([origin]) =>
      withContenders([startWith(origin, 2), startWith(origin, 1)], async (gateways) => {
        const loads = gateways.map(
          ({ port }) => new Load(port, toolCalls(port), { maySleep: true }),
        );
        await warmUp(loads, plan);
        release = limit(gateways);
        const roundMs = longer * plan.roundMs;
        const turn = { count: connections, plan: { ...plan, roundMs } };
        const rounds = await measureInTurn(gateways, loads, turn);
        for (const [index, series] of [two, one].entries()) {
          series.rounds.push(...(rounds[index] ?? []));
        }
      }),
    );
    await release();
  }
  return [two, one];
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
