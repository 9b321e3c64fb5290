/** Tasks, created and completed, over each store: Lutra and the bare engine. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { hasPostgres, startPostgres, withoutPostgres } from "../../test/stores/postgres-server.ts";
import { type Contender, isPinned, start, withContenders } from "../contender.ts";
import type { Calls } from "../messages.ts";
import type { Plan } from "../plan.ts";
import { missing, type Row, row, significant } from "../row.ts";
import { alternate, median, ratios } from "../statistics.ts";
import { inFlight } from "../tasks/engine.ts";

const what = `tasks of one step, ${inFlight} in flight`;

/** An engine: its display name, its name in `engines/subject.ts`, and the location of its data. */
interface Entry {
  readonly name: string;
  readonly engine: string;
  readonly location?: string;
}

export async function tasks(plan: Plan): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "lutra-bench-tasks-"));
  try {
    return [
      ...(await memoryRows(plan)),
      ...(await sqliteRows(folder, plan)),
      ...(await postgresRows(plan)),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function memoryRows(plan: Plan): Promise<readonly Row[]> {
  const entries = [
    { name: "Lutra", engine: "memory-lutra" },
    { name: "insert + job + update", engine: "memory-floor" },
    { name: "the call without a task, a Map", engine: "memory-plain" },
    { name: "a Map", engine: "memory-map" },
  ];
  return rowsOf("memory", entries, plan);
}

function sqliteRows(folder: string, plan: Plan): Promise<readonly Row[]> {
  const entries = [
    { name: "Lutra", engine: "sqlite-lutra", location: join(folder, "lutra.db") },
    { name: "insert + update", engine: "sqlite-floor", location: join(folder, "floor.db") },
  ];
  return rowsOf("SQLite", entries, plan);
}

async function postgresRows(plan: Plan): Promise<readonly Row[]> {
  if (!hasPostgres) return [missing(`${what}: Postgres`, withoutPostgres)];
  const server = await onFirstCore(() => startPostgres(false, { isDurable: true }));
  try {
    const entries = [
      { name: "Lutra", engine: "postgres-lutra", location: server.url },
      {
        name: "insert + job + update",
        engine: "postgres-floor",
        location: await secondDatabase(server.url),
      },
    ];
    return await rowsOf("Postgres", entries, plan);
  } finally {
    server.remove();
  }
}

/** Graphile's workers end when another one in their database makes its tables, wherever these are. */
async function secondDatabase(url: string): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query("CREATE DATABASE floor");
  await client.end();
  return Object.assign(new URL(url), { pathname: "/floor" }).href;
}

/** Lutra, which is first, and the baselines; the target applies to the first baseline. */
async function rowsOf(
  engine: string,
  entries: readonly Entry[],
  plan: Plan,
): Promise<readonly Row[]> {
  const all = entries.map((): Calls[] => []);
  for (let generation = 0; generation < plan.generations; generation += 1) {
    await withContenders(entries.map(open), async (contenders) => {
      const call = (each: Contender, ms: number) => each.call(inFlight, ms);
      for (const each of contenders) await call(each, plan.warmUpMs);
      const samples = await alternate(contenders, plan.rounds, (each) => call(each, plan.roundMs));
      for (const [index, calls] of all.entries()) calls.push(...(samples[index] ?? []));
    });
  }
  const [ours = [], ...floors] = all;
  return floors.flatMap((floor, index) => {
    const names = `${engine}: ${entries[0]?.name} / ${entries[index + 1]?.name}`;
    return compared(names, [ours, floor], index === 0);
  });
}

function open({ name, engine, location = "" }: Entry): Promise<Contender> {
  return start(name, "./engines/subject.mjs", { args: [engine, location], core: 1 });
}

function compared(
  names: string,
  [ours, floor]: readonly [readonly Calls[], readonly Calls[]],
  hasTarget: boolean,
): readonly Row[] {
  type Value = (calls: Calls) => number;
  const column = (of: Value) => [ours.map(of), floor.map(of)] as const;
  const medians = (of: Value) => column(of).map((values) => significant(median(values)));
  return [
    row({
      what: `${what}, ${names}`,
      values: ratios(...column(perSecond)),
      medians: `${medians(perSecond).join(" / ")} per second`,
      ...(hasTarget && { target: { atLeast: 0.5 } }),
    }),
    row({
      what: `time until CreateTaskResult, p50, ${names}`,
      values: column(createMs)[0],
      unit: " ms",
      medians: `${medians(createMs).join(" / ")} ms`,
    }),
  ];
}

function perSecond({ count, ms }: Calls): number {
  return (count / ms) * 1000;
}

function createMs({ createMs = Number.NaN }: Calls): number {
  return createMs;
}

/** Pins programs started by `start` to the first core; this process returns to the second. */
async function onFirstCore<T>(start: () => Promise<T>): Promise<T> {
  const moveTo = (core: number) => spawnSync("taskset", ["-p", "-c", `${core}`, `${process.pid}`]);
  if (isPinned) moveTo(0);
  try {
    return await start();
  } finally {
    if (isPinned) moveTo(1);
  }
}
