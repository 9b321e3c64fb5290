/** Tasks in Postgres, with the order to run one in the same transaction as its row. */
import type { JSONObject } from "lutra/protocol";
import type { StoredTask, TaskOrder, TaskStore } from "lutra/stores";
import { reportOutages } from "../report-outages.ts";
import { type Connection, canBeName, isDuplicate } from "./connection.ts";
import { addJob, handOverHeld, removeJob } from "./queue.ts";
import type { Session } from "./session.ts";
import { type Claim, PostgresTaskWorker } from "./task-worker.ts";

export interface PostgresTaskStoreOptions {
  readonly connection: Connection;
  readonly session: Session;
  readonly now: () => number;
  readonly retryPauseMs: (rejections: number) => number;
}

interface Row {
  readonly version: number;
  readonly expiresAt: number | null;
  readonly state: JSONObject;
}

type Order = NonNullable<TaskOrder["order"]> | "keep" | "progress";

const anew = "orders = t.orders + 1, rejections = 0, lost_runs = 0";

/** All writing statements have the parameters: id, version, now, expiry, state, holder. */
const duties: { readonly [order in Order]: string } = {
  keep: "duty = t.duty",
  progress: "lost_runs = 0",
  run: `duty = 'run', ${anew}, holder = NULL`,
  hold: `duty = 'hold', ${anew}, holder = $6::integer`,
  drop: `duty = NULL, ${anew}, holder = NULL`,
};
const jobs: { readonly [order in Order]: string } = {
  keep: "1",
  progress: "1",
  run: addJob("task_id"),
  hold: removeJob("task_id"),
  drop: removeJob("task_id"),
};

function insert(order: Order): string {
  const duty = order === "run" || order === "hold" ? `'${order}'` : "NULL";
  const statement = `INSERT INTO lutra.tasks (task_id, version, expires_at, state, duty, orders, holder)
    SELECT $1::text, $2::integer, $4::bigint, $5::json, ${duty}, 1, $6::integer
    WHERE $3::bigint IS NOT NULL RETURNING task_id`;
  const job = addJob("task_id", "0", "first");
  return order === "run" ? `WITH added AS (${statement}) SELECT ${job} FROM added` : statement;
}

/** The last change of a run, which gives back what it took. Its own job ends with it. */
const updateLast = `
  UPDATE lutra.tasks t SET version = $2::integer, expires_at = $4::bigint, state = $5::json,
    ${duties.drop}, runner = CASE WHEN runs = $7 AND runner = $8 THEN NULL ELSE runner END
  WHERE task_id = $1::text AND version = $2::integer - 1
    AND (expires_at IS NULL OR expires_at > $3::bigint) AND ($6::integer IS NULL OR true)`;

/** Each parameter is named, since Postgres wants to know the type of all. */
function update(order: Order): string {
  return `WITH changed AS (
      UPDATE lutra.tasks t SET version = $2::integer, expires_at = $4::bigint, state = $5::json,
        ${duties[order]}
      WHERE task_id = $1::text AND version = $2::integer - 1
        AND (expires_at IS NULL OR expires_at > $3::bigint) AND ($6::integer IS NULL OR true)
      RETURNING task_id)
    SELECT ${jobs[order]} FROM changed`;
}

export function createPostgresTaskStore(options: PostgresTaskStoreOptions): TaskStore {
  const { connection, session, now } = options;
  const workers = new Set<PostgresTaskWorker>();

  async function write(sql: string, task: StoredTask, order: Order, run?: Claim): Promise<number> {
    const holder = order === "hold" ? await session.id() : null;
    const { taskId, version, expiresAt, state } = task;
    const values = [taskId, version, now(), expiresAt, JSON.stringify(state), holder];
    return connection.count(sql, run ? [...values, run.runs, run.runner] : values);
  }

  return {
    isShared: true,
    create: async (task, order) => {
      const wanted: Order = order.order ?? "keep";
      try {
        await write(insert(wanted), task, wanted);
      } catch (error) {
        if (isDuplicate(error)) throw new TypeError(`create: the task ${task.taskId} exists`);
        throw error;
      }
    },
    get: async (taskId) => {
      if (!canBeName(taskId)) return undefined;
      const sql = `SELECT version, expires_at::float8 AS "expiresAt", state FROM lutra.tasks
        WHERE task_id = $1 AND (expires_at IS NULL OR expires_at > $2)`;
      const [row] = await connection.rows<Row>(sql, [taskId, now()]);
      return row && { taskId, ...row };
    },
    replace: async (task, order) => {
      const wanted: Order = order?.order ?? (order?.isProgress ? "progress" : "keep");
      return (await write(update(wanted), task, wanted)) > 0;
    },
    work: (workerOptions) => {
      const worker = new PostgresTaskWorker({
        ...workerOptions,
        ...options,
        end: async (task, run) => (await write(updateLast, task, "drop", run)) > 0,
        onError: reportOutages(workerOptions.onError),
      });
      workers.add(worker);
      return {
        close: async (graceMs) => {
          workers.delete(worker);
          await worker.close(graceMs);
        },
      };
    },
    sweep: (limit) =>
      connection.count(
        `WITH swept AS (
           DELETE FROM lutra.tasks WHERE task_id IN (
             SELECT task_id FROM lutra.tasks WHERE expires_at <= $1
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING task_id)
         SELECT ${removeJob("task_id")} FROM swept`,
        [now(), limit],
      ),
    close: async () => {
      await Promise.all([...workers].map((worker) => worker.close(0)));
      workers.clear();
      // Where that fails, others take over what this process held as if it had died.
      const held = session.number;
      if (held !== undefined) await connection.count(handOverHeld, [held]).catch(() => {});
      await session.end();
    },
  };
}
