/** The schedule of tasks in a SQLite file. Workers claim due rows, and poll for changes of the file. */
import type { AttemptEnd, Claim, ClaimRequest, QueueListener, TaskQueue } from "lutra/internal";
import type { TaskStore } from "lutra/stores";
import {
  type ClaimedRow,
  claimOwner,
  claimWriter,
  createSqlTaskStore,
  type SqlTaskOptions,
  toClaims,
} from "../sql/task-store.ts";
import type { Database } from "./database.ts";
import type { Session } from "./session.ts";
import * as rows from "./task-rows.ts";

/** Interval between checks for changes by other processes, in milliseconds. */
const pollEveryMs = 40;
/** Interval between checks for dead processes, in milliseconds. */
const upkeepEveryMs = 500;

export interface SqliteTaskOptions extends SqlTaskOptions {
  /** For claims, which can be made again. */
  readonly workDatabase: Database;
  readonly session: Session;
  readonly now: () => number;
  readonly retryPauseMs: (rejections: number) => number;
}

interface SqliteTaskQueueInit extends SqliteTaskOptions {
  /** The workers of this process, which can't see its own changes in the file. */
  readonly workers: Set<QueueListener>;
}

export function createSqliteTaskStore(options: SqliteTaskOptions): TaskStore {
  const workers = new Set<QueueListener>();
  const queue = () => new SqliteTaskQueue({ ...options, workers });
  const wake = () => {
    for (const worker of workers) worker.wake();
  };
  return createSqlTaskStore({ ...options, statements: rows.statements, queue, wake });
}

/** The queue of one worker, which remembers the next due time. */
class SqliteTaskQueue implements TaskQueue {
  readonly #options: SqliteTaskQueueInit;
  readonly write: TaskQueue["write"];
  readonly owns: TaskQueue["owns"];
  readonly upkeep: NonNullable<TaskQueue["upkeep"]>;
  #dataVersion = -1;
  #nextDueAt = Number.POSITIVE_INFINITY;

  constructor(options: SqliteTaskQueueInit) {
    this.#options = options;
    this.write = claimWriter(options, rows.statements);
    this.owns = claimOwner(options.engine, rows.statements);
    this.upkeep = { everyMs: upkeepEveryMs, run: () => options.session.releaseDead() };
  }

  async claim({ limit, isolateFrom, mayIsolate }: ClaimRequest): Promise<readonly Claim[]> {
    const { workDatabase, session, now } = this.#options;
    const runner = await session.id();
    const isolation = [isolateFrom, mayIsolate ? 1 : 0] as const;
    return workDatabase.run((connection) => {
      const [first] = connection.rows<{ readonly dueAt: number | null }>(
        rows.nextDueAt,
        ...isolation,
      );
      this.#nextDueAt = first?.dueAt ?? Number.POSITIVE_INFINITY;
      if (this.#nextDueAt > now()) return [];
      const values = [now(), runner, limit, ...isolation] as const;
      return toClaims(connection.rows<ClaimedRow>(rows.claim, ...values));
    });
  }

  async settle({ task, number, session, rejections }: Claim, end: AttemptEnd): Promise<void> {
    const { workDatabase, now, retryPauseMs, workers } = this.#options;
    const dueAt = now() + (end === "rejected" ? retryPauseMs(rejections + 1) : 0);
    await workDatabase.run((connection) =>
      connection.changes(rows.statements.settle, task.taskId, number, session, end, dueAt),
    );
    // A claim that was made meanwhile has not seen this due time.
    this.#nextDueAt = Math.min(this.#nextDueAt, dueAt);
    if (end === "released") for (const worker of workers) worker.wake();
  }

  isLive({ session }: Claim): boolean {
    return this.#options.session.isLive(session);
  }

  watch(listener: QueueListener): () => void {
    const { session, workers } = this.#options;
    workers.add(listener);
    const timer = setInterval(() => this.#poll(listener), pollEveryMs).unref();
    const removeListener = session.onLost(() => {
      listener.lost();
      listener.wake();
    });
    return () => {
      workers.delete(listener);
      clearInterval(timer);
      removeListener();
    };
  }

  defer(take: () => void): void {
    setImmediate(take);
  }

  #poll({ wake }: QueueListener): void {
    const { workDatabase, now } = this.#options;
    if (!workDatabase.isOpen) return;
    try {
      if (this.#hasChanged() || now() >= this.#nextDueAt) wake();
    } catch {
      // The claim reports why the file can't be read.
      wake();
    }
  }

  /** True when another connection has written since the last call. Reads shared memory only. */
  #hasChanged(): boolean {
    const sql = "SELECT data_version AS version FROM pragma_data_version";
    const [row] = this.#options.workDatabase.rows<{ readonly version: number }>(sql);
    const version = row?.version ?? -1;
    if (version === this.#dataVersion) return false;
    this.#dataVersion = version;
    return true;
  }
}
