/** Runs the benchmarks, prints the table and writes it to a file. Compiled and run by `start.ts`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bridge } from "./groups/bridge.ts";
import { callers } from "./groups/callers.ts";
import { client } from "./groups/client.ts";
import { command } from "./groups/command.ts";
import { cpu } from "./groups/cpu.ts";
import { fetch } from "./groups/fetch.ts";
import { gateway } from "./groups/gateway.ts";
import { lists } from "./groups/lists.ts";
import { memory } from "./groups/memory.ts";
import { processes } from "./groups/processes.ts";
import { server } from "./groups/server.ts";
import { sessions } from "./groups/sessions.ts";
import { size } from "./groups/size.ts";
import { start } from "./groups/start.ts";
import { tasks } from "./groups/tasks.ts";
import { tracing } from "./groups/tracing.ts";
import { busiestGenerator } from "./load.ts";
import { machine, OtherPrograms } from "./machine.ts";
import { full, type Plan, quick } from "./plan.ts";
import { conditions, page, table } from "./report.ts";
import type { Row } from "./row.ts";

const groups: { readonly [name: string]: (plan: Plan) => Promise<readonly Row[]> } = {
  server,
  lists,
  cpu,
  callers,
  sessions,
  bridge,
  tracing,
  fetch,
  client,
  memory,
  size,
  start,
  command,
  gateway,
  processes,
  tasks,
};

/** Long groups with their own pages; they run only when named. */
const apart = ["gateway", "processes", "tasks"];

const usage = `npm run bench -- [groups] [--quick] [--against <checkout>]
  groups               any of ${Object.keys(groups).join(", ")}; without any, all
                       but ${apart.join(", ")}; one alone goes into a file of its own
  --quick              fewer and shorter rounds; writes no file
  --against <checkout> measures the server of another checkout, too`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    against: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const unknown = positionals.filter((name) => !Object.hasOwn(groups, name));
if (values.help || unknown.length > 0) {
  for (const name of unknown) console.error(`No such group: ${name}`);
  console.log(usage);
  process.exit(unknown.length > 0 ? 1 : 0);
}

const against = values.against === undefined ? undefined : resolve(values.against);
const plan: Plan = { ...(values.quick ? quick : full), against };
const names =
  positionals.length > 0
    ? positionals
    : Object.keys(groups).filter((name) => !apart.includes(name));

const others = new OtherPrograms();
console.log(`${machine()}\n`);
const rows: Row[] = [];
for (const name of names) {
  process.stdout.write(`${name} ... `);
  const begin = performance.now();
  rows.push(...((await groups[name]?.(plan)) ?? []));
  console.log(`${((performance.now() - begin) / 1000).toFixed(1)} s`);
}
const trust = conditions(others.share(), busiestGenerator());
console.log(`\n${table(rows)}\n\n${trust}`);

const missed = rows.filter(({ verdict }) => verdict === "MISS");
if (missed.length > 0) console.log(`${missed.length} of the targets are missed.`);

const [only] = positionals;
if (!values.quick && positionals.length < 2) {
  const file = `bench/results/${only ?? "latest"}.md`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, page(rows, trust, only));
  console.log(`\nWritten to ${file}`);
}
process.exit(0);
