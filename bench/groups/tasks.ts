/** Tasks, created and completed, over each store: Lutra beside what the engine alone can do. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openPostgres } from "@lutra/stores/postgres";
import { openSqlite } from "@lutra/stores/sqlite";
import { createMemoryTaskStore } from "lutra/stores";
import { hasPostgres, startPostgres, withoutPostgres } from "../../test/stores/postgres-server.ts";
import { isPinned } from "../contender.ts";
import type { Plan } from "../plan.ts";
import { missing, type Row, row, significant } from "../row.ts";
import { alternate, median, ratios } from "../statistics.ts";
import { drive, inFlight, type Subject, type TaskSample } from "../tasks/engine.ts";
import { mapFloor, memoryFloor, postgresFloor, sqliteFloor } from "../tasks/floors.ts";
import { plainServer, taskServer } from "../tasks/task-server.ts";

const what = `tasks of one step, ${inFlight} in flight`;

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

async function memoryRows(plan: Plan): Promise<readonly Row[]> {
  const store = createMemoryTaskStore({ maxTasks: 10_000_000 });
  const ours = taskServer(store, store.close);
  return rowsOf("memory", [ours, memoryFloor(), plainServer(), mapFloor()], plan);
}

async function sqliteRows(folder: string, plan: Plan): Promise<readonly Row[]> {
  const store = await openSqlite(join(folder, "lutra.db"));
  const ours = taskServer(store.tasks, store.close);
  return rowsOf("SQLite", [ours, sqliteFloor(join(folder, "floor.db"))], plan);
}

async function postgresRows(plan: Plan): Promise<readonly Row[]> {
  if (!hasPostgres) return [missing(`${what}: Postgres`, withoutPostgres)];
  const server = await onFirstCore(() => startPostgres(false, { isDurable: true }));
  try {
    const store = await openPostgres(server.url);
    const ours = taskServer(store.tasks, store.close);
    return await rowsOf("Postgres", [ours, await postgresFloor(server.url)], plan);
  } finally {
    server.remove();
  }
}

/** Lutra and floors; the target is about the first of these. */
async function rowsOf(
  engine: string,
  subjects: readonly [Subject, Subject, ...Subject[]],
  plan: Plan,
): Promise<readonly Row[]> {
  try {
    for (const subject of subjects) await drive(subject, plan.warmUpMs);
    const rounds = plan.generations * plan.rounds;
    const samples = await alternate(subjects, rounds, (subject) => drive(subject, plan.roundMs));
    const ours = samples[0] ?? [];
    return subjects.slice(1).flatMap((floor, index) => {
      const names = `${engine}: ${subjects[0].name} / ${floor.name}`;
      return compared(names, [ours, samples[index + 1] ?? []], index === 0);
    });
  } finally {
    for (const subject of subjects) await subject.close();
  }
}

function compared(
  names: string,
  [ours, floor]: readonly [readonly TaskSample[], readonly TaskSample[]],
  hasTarget: boolean,
): readonly Row[] {
  const column = (key: keyof TaskSample) =>
    [ours.map((sample) => sample[key]), floor.map((sample) => sample[key])] as const;
  const medians = (key: keyof TaskSample) =>
    column(key).map((values) => significant(median(values)));
  return [
    row({
      what: `${what}, ${names}`,
      values: ratios(...column("perSecond")),
      medians: `${medians("perSecond").join(" / ")} per second`,
      ...(hasTarget && { target: { atLeast: 0.5 } }),
    }),
    row({
      what: `time until CreateTaskResult, p50, ${names}`,
      values: column("createMs")[0],
      unit: " ms",
      medians: `${medians("createMs").join(" / ")} ms`,
    }),
  ];
}

/** Programs that `start` starts get the first core; this one is back on the second afterwards. */
async function onFirstCore<T>(start: () => Promise<T>): Promise<T> {
  const moveTo = (core: number) => spawnSync("taskset", ["-p", "-c", `${core}`, `${process.pid}`]);
  if (isPinned) moveTo(0);
  try {
    return await start();
  } finally {
    if (isPinned) moveTo(1);
  }
}
