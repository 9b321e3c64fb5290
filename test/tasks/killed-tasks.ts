/**
 * Tasks of several steps on three replicas over Postgres, of which a random one is killed repeatedly.
 * Checks the tasks, the effects of their steps, and the answers.
 */
import { setTimeout as delay } from "node:timers/promises";
import { startGateway } from "@lutra/gateway";
import { createClient } from "lutra/client";
import { followTasks } from "lutra/tasks";
import pg from "pg";
import { type Kill, Killing, type KillingOptions, type Kills } from "./killing.ts";
import { type Resumptions, resumptions } from "./resumptions.ts";
import { startStoreReplicas } from "./store-replicas.ts";

export interface KilledTasksOptions extends KillingOptions {
  /** The URL of a database for this run. */
  readonly database: string;
  readonly tasks: number;
  /** Time between two starts of tasks; with 0, all are started at once. */
  readonly startEveryMs: number;
  /** Duration of the effect of a step. Each task has four. */
  readonly stepMs: number;
}

export interface KilledTasks extends Kills, Resumptions {
  /** Time until the last task had ended. */
  readonly seconds: number;
  /** Descriptions of unexpected results. */
  readonly wrong: readonly string[];
  /** Number of retried requests to start or follow a task. */
  readonly retries: number;
  readonly effects: {
    /** Number of steps, each of which must have one line in the ledger. */
    readonly steps: number;
    readonly missing: number;
    readonly twice: number;
    /** Number of attempted effects: one for each step, and those repeated after kills. */
    readonly attempts: number;
  };
}

const steps = ["a", "b", "c", "d"];
/** Maximum number of retries of a client after a broken connection. */
const maxRetries = 20;

/** Runs all tasks until they have ended. */
export async function runKilledTasks(options: KilledTasksOptions): Promise<KilledTasks> {
  const pool = new pg.Pool({ connectionString: options.database, max: 2 });
  await pool.query(`
    CREATE TABLE ledger (key text PRIMARY KEY, task text NOT NULL, step text NOT NULL);
    CREATE TABLE attempts (key text NOT NULL, task text NOT NULL);
    CREATE TABLE signs (n bigserial, task text, pid int, at bigint, sign text);`);
  const replicas = await startStoreReplicas({
    module: new URL("fixtures/ledger-server.mjs", import.meta.url),
    replicas: 3,
    store: options.database,
    env: { LUTRA_TEST_STEP_MS: String(options.stepMs) },
  });
  const gateway = await startGateway({
    listen: { port: 0 },
    admin: false,
    log: false,
    upstreams: {
      ledger: {
        url: replicas.map(({ url }) => url),
        verify: "upstream",
        health: { intervalMs: 500, ejectMs: 250, slowStartMs: 0 },
      },
    },
  });
  await gateway.ready();
  const startedAt = performance.now();
  const killing = new Killing(replicas, options);
  const { ids, wrong, retries } = await runAll(gateway.url, options);
  const seconds = (performance.now() - startedAt) / 1000;
  const kills = await killing.end();
  await gateway.close();
  await Promise.all(replicas.map((replica) => replica.close()));
  const found = await look(pool, ids, kills.kills);
  await pool.end();
  return { seconds, wrong, retries, ...kills, ...found };
}

async function runAll(url: string, { tasks, startEveryMs }: KilledTasksOptions) {
  const wrong: string[] = [];
  /** The names of the tasks that a client knows. */
  const ids: string[] = [];
  let retries = 0;
  const client = await createClient(url, {
    extensions: [followTasks({ notifications: false })],
    onElicit: ({ message }) => ({ action: "accept", content: { word: wordOf(message) } }),
  });

  /** Retries an interrupted request. A task that is started twice has two ids. */
  async function again<T>(work: (attempt: number) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work(attempt);
      } catch (error) {
        if (attempt >= maxRetries) throw error;
        retries += 1;
        await delay(100); // time: a replica restarts
      }
    }
  }

  async function runOne(index: number): Promise<void> {
    await delay(index * startEveryMs); // time: the pace of starts
    const [id, started] = await again(async (attempt) => {
      const name = `${index}-${attempt}`;
      return [name, await client.tasks.start("job", { id: name })] as const;
    });
    ids.push(id);
    const taskId = started.task?.taskId as string;
    const result = await again((attempt) =>
      attempt === 0 ? started.result() : client.tasks.resume(taskId, { tool: "job" }),
    );
    const { text } = (result.content as readonly { readonly text?: string }[])[0] ?? {};
    if (text !== `abcd ${wordOf(id)}`) wrong.push(`${id}: ${text}`);
  }

  const outcomes = await Promise.allSettled(
    Array.from({ length: tasks }, (_, index) => runOne(index)),
  );
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.status === "rejected") wrong.push(`${index}: ${outcome.reason}`);
  }
  await client.close();
  return { ids, wrong, retries };
}

function wordOf(id: string): string {
  return `word of ${id}`;
}

/** Reads the records of tasks from the database. */
async function look(pool: pg.Pool, ids: readonly string[], kills: readonly Kill[]) {
  const lines = await pool.query(
    "SELECT task || ' ' || step AS name, count(*)::int AS n FROM ledger WHERE task = ANY($1) GROUP BY 1",
    [ids],
  );
  const attempts = await pool.query(
    "SELECT count(*)::int AS n FROM attempts WHERE task = ANY($1)",
    [ids],
  );
  const signs = await pool.query(
    "SELECT task, pid, at::float8 AS at, sign FROM signs WHERE task = ANY($1) ORDER BY at, n",
    [ids],
  );
  const wanted = ids.flatMap((id) => steps.map((step) => `${id} ${step}`));
  const counted = new Map(lines.rows.map(({ name, n }) => [name as string, n as number]));
  const effects = {
    steps: wanted.length,
    missing: wanted.filter((name) => !counted.has(name)).length,
    twice: wanted.filter((name) => (counted.get(name) ?? 0) > 1).length,
    attempts: attempts.rows[0].n as number,
  };
  return { effects, ...resumptions(signs.rows, kills) };
}
