/** `tools/call` over HTTP: Lutra, the baseline and the official SDK. */
import { pathToFileURL } from "node:url";
import { toolCalls } from "../exchanges.ts";
import type { Plan } from "../plan.ts";
import type { Row } from "../row.ts";
import {
  compare,
  connections,
  cpuRow,
  type Entry,
  latencyRow,
  requireSameBody,
  type Series,
  throughputRow,
} from "../throughput.ts";

const what = `tools/call, ${connections} connections`;

export async function server(plan: Plan): Promise<readonly Row[]> {
  const entries = [
    { name: "bare node:http", file: "./servers/bare-node.mjs" },
    { name: "official SDK", file: "./servers/official.mjs" },
    { name: "Lutra", file: "./servers/lutra.mjs" },
    { name: "Lutra with JSON Schema", file: "./servers/lutra-tools.mjs", args: ["21", "json"] },
    ...(plan.against === undefined ? [] : [otherCheckout(plan.against)]),
  ];
  const all = await compare(entries, (port) => toolCalls(port), plan);
  const [bare, official, lutra, withJSON, other] = all as [Series, Series, Series, Series, Series?];
  requireSameBody(bare, lutra);
  return [
    throughputRow(what, [lutra, bare], { atLeast: 0.8 }),
    throughputRow(what, [lutra, official], { atLeast: 12 }),
    latencyRow(what, [lutra, bare], { atMost: 1.5 }),
    cpuRow(what, [lutra, bare]),
    throughputRow(what, [withJSON, bare]),
    cpuRow(what, [withJSON, bare]),
    throughputRow(what, [official, bare]),
    cpuRow(what, [official, bare]),
    ...(other ? [throughputRow(what, [lutra, other]), cpuRow(what, [lutra, other])] : []),
  ];
}

/** The same server in another checkout, compiled there by `npm run bench`. */
function otherCheckout(folder: string): Entry {
  const file = new URL("bench/out/servers/lutra.mjs", `${pathToFileURL(folder)}/`);
  return { name: "Lutra of the other checkout", file };
}
