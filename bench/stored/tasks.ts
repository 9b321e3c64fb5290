/**
 * Measures how long it takes to create and to read a task in a store that already contains many.
 *
 *     node --import tsx bench/stored/tasks.ts [tasks] [--write]
 *
 * Exits with 1 when an operation takes more than 1.5 times as long as with 1,000 tasks.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type Store } from "@lutra/stores";
import Libsql from "libsql";
import pg from "pg";
import { hasPostgres, startPostgres, withoutPostgres } from "../../test/stores/postgres-server.ts";
import { freshDatabase } from "../../test/tasks/fresh-database.ts";
import { writePage } from "../chaos/write-page.ts";

/** Maximum ratio of the times with many and with few tasks. */
const maxRatio = 1.5;
const fewTasks = 1000;
const [argument = "1000000"] = process.argv.slice(2).filter((one) => !one.startsWith("--"));
const manyTasks = Number(argument);
/** Number of operations of which the median is taken. */
const operations = 400;

/** A place for a store, and the statement that copies its one task so many times. */
interface Engine {
  readonly name: string;
  readonly url: () => Promise<string>;
  readonly copy: (url: string, count: number) => Promise<void>;
}

const columns = "version, expires_at, state, due_at, orders, duty, taken, runs, runner";

const sqlite = (folder: string): Engine => ({
  name: "SQLite",
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

const postgres = (serverURL: string): Engine => ({
  name: "Postgres",
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

async function filled({ url, copy }: Engine, count: number): Promise<Store> {
  const place = await url();
  const store = await openStore(place);
  const expiresAt = Date.now() + 86_400_000;
  const state = { status: "completed", result: { content: [{ type: "text", text: "done" }] } };
  await store.tasks.create({ taskId: "first", version: 1, expiresAt, state }, {});
  await copy(place, count - 1);
  return store;
}

async function timeOf(action: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await action();
  return performance.now() - begin;
}

/** Alternates between the stores, so that both see the same load of the machine. */
async function medians(
  stores: readonly Store[],
  operation: (store: Store, index: number) => Promise<unknown>,
): Promise<readonly number[]> {
  const times = stores.map((): number[] => []);
  for (let index = 0; index < operations; index += 1) {
    for (const [at, store] of stores.entries()) {
      times[at]?.push(await timeOf(() => operation(store, index)));
    }
  }
  return times.map((all) => all.sort((a, b) => a - b)[operations / 2] ?? 0);
}

async function measure(engine: Engine): Promise<readonly string[]> {
  const stores = [await filled(engine, fewTasks), await filled(engine, manyTasks)];
  const expiresAt = Date.now() + 86_400_000;
  const rows = {
    create: await medians(stores, ({ tasks }, index) =>
      tasks.create({ taskId: `new ${index}`, version: 1, expiresAt, state: {} }, {}),
    ),
    get: await medians(stores, ({ tasks }, index) => tasks.get(`stored ${index + 1}`)),
  };
  for (const { close } of stores) await close();
  return Object.entries(rows).map(([operation, [few = 0, many = 0]]) => {
    const ratio = many / few;
    if (ratio > maxRatio) process.exitCode = 1;
    const times = [few, many].map((ms) => `${ms.toFixed(3)} ms`);
    return `| ${engine.name} | ${operation} | ${times.join(" | ")} | ${ratio.toFixed(2)} |`;
  });
}

const folder = mkdtempSync(join(tmpdir(), "lutra-stored-"));
const server = hasPostgres ? await startPostgres(false, { isDurable: true }) : undefined;
try {
  const lines = [
    `| store | operation | ${fewTasks} tasks | ${manyTasks} tasks | ratio |`,
    "| --- | --- | ---: | ---: | ---: |",
    ...(await measure(sqlite(folder))),
    ...(server ? await measure(postgres(server.url)) : [`| Postgres | ${withoutPostgres} | | | |`]),
  ];
  writePage(
    "stored-tasks",
    "Stores with many tasks",
    `Written by \`npm run stored -- --write\`. The median of ${operations} operations, each of which waits for the one before. An operation takes at most ${maxRatio} times as long as with ${fewTasks} tasks.\n\n${lines.join("\n")}`,
  );
} finally {
  server?.remove();
  rmSync(folder, { recursive: true });
}
