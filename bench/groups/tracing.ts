/** The cost of spans and metrics, with and without an SDK of OpenTelemetry. */
import { toolCalls } from "../exchanges.ts";
import type { Plan } from "../plan.ts";
import type { Row } from "../row.ts";
import { compare, connections, cpuRow, type Series, throughputRow } from "../throughput.ts";

const what = `tools/call, ${connections} connections`;
const file = "./servers/lutra-traced.mjs";

export async function tracing(plan: Plan): Promise<readonly Row[]> {
  const entries = [
    { name: "no observer", file: "./servers/lutra.mjs" },
    { name: "the API without an SDK", file },
    { name: "an SDK for metrics", file, args: ["metrics"] },
    { name: "an SDK for spans and metrics", file, args: ["spans", "metrics"] },
  ];
  const all = await compare(entries, (port) => toolCalls(port, ["add"]), plan);
  const [none, api, metrics, both] = all as [Series, Series, Series, Series];
  return [
    throughputRow(what, [api, none]),
    cpuRow(what, [api, none], { atMost: 1.03 }),
    cpuRow(what, [metrics, none]),
    throughputRow(what, [both, none]),
    cpuRow(what, [both, none]),
  ];
}
