/** The cost of a call with many tools relative to one tool. */
import { toolCalls } from "../exchanges.ts";
import type { Plan } from "../plan.ts";
import type { Row } from "../row.ts";
import { compare, cpuRow, type Series } from "../throughput.ts";

export async function cpu(plan: Plan): Promise<readonly Row[]> {
  const file = "./servers/lutra-tools.mjs";
  const entries = [
    { name: "Lutra with 1 tool", file, args: ["1"] },
    { name: "Lutra with 21 tools", file, args: ["21"] },
    { name: "Lutra with 200 tools", file, args: ["200"] },
  ];
  const [one, some, many] = (await compare(entries, (port) => toolCalls(port), plan)) as [
    Series,
    Series,
    Series,
  ];
  return [cpuRow("tools/call", [many, one], { atMost: 1.1 }), cpuRow("tools/call", [some, one])];
}
