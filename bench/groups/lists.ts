/** `tools/list` over HTTP; the baseline serialises the list for each request. */
import { toolLists } from "../exchanges.ts";
import type { Plan } from "../plan.ts";
import type { Row } from "../row.ts";
import {
  compare,
  connections,
  cpuRow,
  requireSameBody,
  type Series,
  throughputRow,
} from "../throughput.ts";

const what = `tools/list of 21, ${connections} connections`;

export async function lists(plan: Plan): Promise<readonly Row[]> {
  const entries = [
    { name: "bare node:http", file: "./servers/bare-node.mjs" },
    { name: "official SDK", file: "./servers/official.mjs" },
    { name: "Lutra", file: "./servers/lutra.mjs" },
  ];
  const all = await compare(entries, (port) => toolLists(port, 21), plan);
  const [bare, official, lutra] = all as [Series, Series, Series];
  requireSameBody(bare, lutra);
  return [
    throughputRow(what, [lutra, bare], { atLeast: 1.5 }),
    throughputRow(what, [lutra, official]),
    cpuRow(what, [lutra, bare]),
    throughputRow(what, [official, bare]),
  ];
}
