/**
 * Measures how long it takes to create and to read a task in a store that already contains many. The
 * store in memory is bounded, so it is filled up to its default limit.
 *
 *     node --import tsx bench/stored/tasks.ts [tasks] [--write]
 *
 * Exits with 1 when an operation takes more than 1.5 times as long as with 1,000 tasks, or in memory
 * more than 0.05 ms.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "@lutra/stores";
import Libsql from "libsql";
import { createMemoryTaskStore, type TaskStore } from "lutra/stores";
import pg from "pg";
import { hasPostgres, startPostgres, withoutPostgres } from "../../test/stores/postgres-server.ts";
import { freshDatabase } from "../../test/tasks/fresh-database.ts";
import { writePage } from "../chaos/write-page.ts";

/** Maximum ratio of the times with many and with few tasks. */
const maxRatio = 1.5;
const fewTasks = 1000;
/**
 * Maximum time of an operation in memory, in milliseconds. It takes a few microseconds, of which the
 * caches of the processor determine half.
 */
const maxMemoryMs = 0.05;
/** The default limit of the store in memory. */
const memoryTasks = 100_000;
const [argument = "1000000"] = process.argv.slice(2).filter((one) => !one.startsWith("--"));
const manyTasks = Number(argument);
/** Number of operations of which the median is taken. */
const operations = 400;

/** A store that contains tasks with the ids `stored 1`, `stored 2` and so on. */
interface Filled {
  readonly tasks: TaskStore;
  readonly count: number;
  readonly close: () => Promise<void>;
}

interface Engine {
  readonly name: string;
  /** Number of tasks that the fuller store contains. */
  readonly many: number;
  readonly fill: (count: number) => Promise<Filled>;
}

/** An engine whose store has a place, and the statement that copies its one task so many times. */
interface Place {
  readonly url: () => Promise<string>;
  readonly copy: (url: string, count: number) => Promise<void>;
}

const columns = "version, expires_at, state, due_at, orders, duty, taken, runs, runner";
const state = { status: "completed", result: { content: [{ type: "text", text: "done" }] } };
const expiresAt = Date.now() + 86_400_000;

const sqlite = (folder: string): Engine => ({
  name: "SQLite",
  many: manyTasks,
  fill: (count) => fillPlace(sqlitePlace(folder), count),
});

const postgres = (serverURL: string): Engine => ({
  name: "Postgres",
  many: manyTasks,
  fill: (count) => fillPlace(postgresPlace(serverURL), count),
});

/** The two stores have the same room for the tasks that the measurement creates. */
const memory: Engine = {
  name: "memory",
  many: memoryTasks,
  fill: async (count) => {
    const tasks = createMemoryTaskStore({ maxTasks: count + operations });
    for (let number = 1; number <= count; number += 1) {
      await tasks.create({ taskId: `stored ${number}`, version: 1, expiresAt, state }, {});
    }
    return { tasks, count, close: tasks.close };
  },
};

const sqlitePlace = (folder: string): Place => ({
  url: async () => `sqlite:${join(folder, `${crypto.randomUUID()}.db`)}`,
  copy: async (url, count) => {
    const database = new Libsql(url.slice("sqlite:".length));
    database.exec(
      `INSERT INTO tasks (task_id, ${columns})
       WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count})
       SELECT 'stored ' || n, ${columns} FROM numbers, tasks WHERE task_id = 'first'`,
    );
    database.close();
  },
});

const postgresPlace = (serverURL: string): Place => ({
  url: () => freshDatabase(serverURL, "stored"),
  copy: async (url, count) => {
    const client = new pg.Client(url);
    await client.connect();
    await client.query(
      `INSERT INTO lutra.tasks (task_id, ${columns}) SELECT 'stored ' || n, ${columns}
       FROM generate_series(1, ${count}) n, lutra.tasks WHERE task_id = 'first'`,
    );
    await client.query("ANALYZE lutra.tasks");
    await client.end();
  },
});

async function fillPlace({ url, copy }: Place, count: number): Promise<Filled> {
  const place = await url();
  const { tasks, close } = await openStore(place);
  await tasks.create({ taskId: "first", version: 1, expiresAt, state }, {});
  await copy(place, count);
  return { tasks, count, close };
}

async function timeOf(action: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await action();
  return performance.now() - begin;
}

interface Measured {
  /** True for an operation of the store in memory alone. */
  readonly isOfMemory?: true;
  /** True for an operation that the store in memory does not have. */
  readonly isOfEngines?: true;
  /** True when the first of two equal operations does not count. */
  readonly isPolled?: boolean;
  readonly run: (store: Filled, index: number) => Promise<unknown>;
}

/** The operations in the order of their measurement. The last ones find the memory's limit reached. */
const operationsOf: { readonly [name: string]: Measured } = {
  "get, first time": {
    run: ({ tasks, count }, index) => tasks.get(`stored ${1 + ((index * 7919) % count)}`),
  },
  "get, polled": {
    isPolled: true,
    run: ({ tasks, count }, index) => tasks.get(`stored ${1 + ((index * 6143) % count)}`),
  },
  "list of 200": {
    isOfEngines: true,
    run: ({ tasks }) => tasks.list?.(200) ?? Promise.reject(new Error("the store has no list")),
  },
  create: {
    run: ({ tasks }, index) =>
      tasks.create({ taskId: `new ${index}`, version: 1, expiresAt, state }, {}),
  },
  "create above the limit, refused": {
    isOfMemory: true,
    run: ({ tasks }, index) =>
      tasks
        .create({ taskId: `more ${index}`, version: 1, expiresAt, state }, {})
        .then(() => Promise.reject(new Error("the limit does not hold")))
        .catch(requireRefused),
  },
};

function requireRefused(error: unknown): void {
  if ((error as Error).name !== "StoreUnavailableError") throw error;
}

/** Alternates between the stores, so that both see the same load of the machine. */
async function medians(
  stores: readonly Filled[],
  { run, isPolled = false }: Measured,
): Promise<readonly number[]> {
  const times = stores.map((): number[] => []);
  for (let index = 0; index < operations; index += 1) {
    for (const [at, store] of stores.entries()) {
      if (isPolled) await run(store, index);
      times[at]?.push(await timeOf(() => run(store, index)));
    }
  }
  return times.map((all) => all.sort((a, b) => a - b)[operations / 2] ?? 0);
}

async function measure(engine: Engine): Promise<readonly string[]> {
  const { name, many: manyOf } = engine;
  const stores = [await engine.fill(fewTasks), await engine.fill(manyOf)];
  const lines: string[] = [];
  for (const [operation, measured] of Object.entries(operationsOf)) {
    const isMemory = engine === memory;
    if (isMemory ? measured.isOfEngines : measured.isOfMemory) continue;
    const [few = 0, many = 0] = await medians(stores, measured);
    const ratio = many / few;
    const isHeld = engine === memory ? many <= maxMemoryMs : ratio <= maxRatio;
    if (!isHeld) process.exitCode = 1;
    const times = [few, many].map((ms) => `${ms.toFixed(4)} ms`);
    lines.push(
      `| ${name} | ${operation} | ${manyOf} | ${times.join(" | ")} | ${ratio.toFixed(2)} |`,
    );
  }
  for (const { close } of stores) await close();
  return lines;
}

const folder = mkdtempSync(join(tmpdir(), "lutra-stored-"));
const server = hasPostgres ? await startPostgres(false, { isDurable: true }) : undefined;
try {
  const lines = [
    `| store | operation | tasks | with ${fewTasks} | with all | ratio |`,
    "| --- | --- | ---: | ---: | ---: | ---: |",
    ...(await measure(sqlite(folder))),
    ...(server
      ? await measure(postgres(server.url))
      : [`| Postgres | ${withoutPostgres} | | | | |`]),
    ...(await measure(memory)),
  ];
  writePage(
    "stored-tasks",
    "Stores with many tasks",
    `Written by \`npm run stored -- --write\`. The median of ${operations} operations, each of which waits for the one before. An operation of SQLite and Postgres takes at most ${maxRatio} times as long as with ${fewTasks} tasks. The store in memory contains at most ${memoryTasks} tasks by default; its operations take at most ${maxMemoryMs} ms.\n\n${lines.join("\n")}`,
  );
} finally {
  server?.remove();
  rmSync(folder, { recursive: true });
}
