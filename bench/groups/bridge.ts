/** The processor time that a gateway adds to calls between peers of different revisions. */
import { start, withContenders } from "../contender.ts";
import { sessionCalls, toolCalls } from "../exchanges.ts";
import { Load } from "../load.ts";
import { openSession } from "../open-session.ts";
import type { Plan } from "../plan.ts";
import { measureInTurn, withUpstreams } from "../proxied.ts";
import type { Row } from "../row.ts";
import { connections, cpuRow, Series, throughputRow, warmUp } from "../throughput.ts";

const what = `tools/call through a gateway, ${connections} connections`;

/** The pairs of peers, with the mode of the gateway in `proxies/lutra.ts`. */
const pairs = [
  { name: "both of 2026-07-28, passed through", mode: "routed" },
  { name: "a session of 2025-11-25 over a server of 2026-07-28", mode: "routed" },
  { name: "a client of 2026-07-28 over a session of 2025-11-25", mode: "bridged" },
] as const;

export async function bridge(plan: Plan): Promise<readonly Row[]> {
  const all = pairs.map(({ name }) => new Series(name));
  for (let generation = 0; generation < plan.generations; generation += 1) {
    await withUpstreams((origins) => {
      const starting = pairs.map(({ name, mode }) =>
        start(name, "./proxies/lutra.mjs", { args: [...origins, mode] }),
      );
      return withContenders(starting, async (gateways) => {
        const loads: Load[] = [];
        for (const [index, { port }] of gateways.entries()) {
          const exchanges =
            index === 1 ? sessionCalls(port, await openSession(port)) : toolCalls(port);
          loads.push(new Load(port, exchanges, { maySleep: true }));
        }
        await warmUp(loads, plan);
        const rounds = await measureInTurn(gateways, loads, { count: connections, plan });
        for (const [index, series] of all.entries()) series.rounds.push(...(rounds[index] ?? []));
      });
    });
  }
  const [passed, client, upstream] = all as [Series, Series, Series];
  return [client, upstream].flatMap((series) => [
    cpuRow(what, [series, passed], { atMost: 2 }),
    throughputRow(what, [series, passed]),
  ]);
}
