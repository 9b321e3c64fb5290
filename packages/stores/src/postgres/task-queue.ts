/**
 * The schedule of tasks in Postgres. Workers claim due rows with `SKIP LOCKED`, are woken by `NOTIFY`,
 * and release the rows of sessions whose advisory lock is gone.
 */
import type { AttemptEnd, Claim, ClaimRequest, QueueListener, TaskQueue } from "lutra/internal";
import type { TaskStore } from "lutra/stores";
import type { SqlClock } from "../sql/engine.ts";
import {
  type ClaimedRow,
  claimOwner,
  claimWriter,
  createSqlTaskStore,
  toClaims,
} from "../sql/task-store.ts";
import type { Connection } from "./connection.ts";
import type { Session } from "./session.ts";
import { type TaskRows, taskRows } from "./task-rows.ts";

/** Interval between polls, and between checks for dead processes, in milliseconds. */
const upkeepEveryMs = 1000;

export interface PostgresTaskOptions {
  readonly engine: Connection;
  readonly session: Session;
  readonly now: SqlClock;
  readonly retryPauseMs: (rejections: number) => number;
}

export function createPostgresTaskStore(options: PostgresTaskOptions): TaskStore {
  const rows = taskRows(options.engine.namespace);
  const queue = () => new PostgresTaskQueue(options, rows);
  const { statements } = rows;
  return createSqlTaskStore({ ...options, statements, queue, wake: () => {} });
}

class PostgresTaskQueue implements TaskQueue {
  readonly #options: PostgresTaskOptions;
  readonly #rows: TaskRows;
  readonly write: TaskQueue["write"];
  readonly owns: TaskQueue["owns"];
  readonly upkeep: NonNullable<TaskQueue["upkeep"]> = {
    everyMs: upkeepEveryMs,
    run: () => this.#releaseDead(),
  };

  constructor(options: PostgresTaskOptions, rows: TaskRows) {
    this.#options = options;
    this.#rows = rows;
    this.write = claimWriter(options, rows.statements);
    this.owns = claimOwner(options.engine, rows.statements);
  }

  /**
   * Claims on the connection of the session. If the answer is lost, the session ends, and the claimed
   * tasks are released like those of a dead process.
   */
  async claim({ limit, isolateFrom, mayIsolate }: ClaimRequest): Promise<readonly Claim[]> {
    const { session, now } = this.#options;
    const values = [await session.id(), now(), limit, isolateFrom, mayIsolate];
    const { rows } = await session.query<ClaimedRow>(this.#rows.claim, values, "claim");
    return toClaims(rows);
  }

  async settle({ task, number, session, rejections }: Claim, end: AttemptEnd): Promise<void> {
    const { engine, retryPauseMs } = this.#options;
    const attempt = [task.taskId, number, session];
    if (end === "lost") {
      await engine.count(this.#rows.settleLost, attempt);
      return;
    }
    const pauseMs = end === "rejected" ? retryPauseMs(rejections + 1) : 0;
    await engine.count(this.#rows.settle, [...attempt, end, pauseMs]);
  }

  isLive({ session }: Claim): boolean {
    return this.#options.session.isLive(session);
  }

  watch({ wake, lost }: QueueListener): () => void {
    const { engine, session } = this.#options;
    const { tasksChannel } = engine.namespace;
    return session.add({
      onBegin: wake,
      onLost: lost,
      onNotification: (channel) => {
        if (channel === tasksChannel) wake();
      },
    });
  }

  defer(take: () => void): void {
    setImmediate(take);
  }

  /** Workers also poll at this pace, for pauses that have ended and for lost notifications. */
  async #releaseDead(): Promise<boolean> {
    await this.#options.engine.count(this.#rows.releaseDead, []);
    return true;
  }
}
