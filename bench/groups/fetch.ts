/** The fetch handler under a Web-standard server, `@hono/node-server`. */
import { toolCalls } from "../exchanges.ts";
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

const what = `tools/call, fetch handler, ${connections} connections`;

export async function fetch(plan: Plan): Promise<readonly Row[]> {
  const entries = [
    { name: "bare fetch handler", file: "./servers/bare-fetch.mjs" },
    { name: "Lutra", file: "./servers/lutra-fetch.mjs" },
  ];
  const [bare, lutra] = (await compare(entries, (port) => toolCalls(port), plan)) as [
    Series,
    Series,
  ];
  requireSameBody(bare, lutra);
  return [throughputRow(what, [lutra, bare], { atLeast: 0.85 }), cpuRow(what, [lutra, bare])];
}
