/**
 * The schedule of tasks in Postgres. Workers claim due rows with `SKIP LOCKED`, are woken by `NOTIFY`,
 * and release the rows of sessions whose advisory lock is gone.
 */
import type { AttemptEnd, Claim, ClaimRequest, QueueListener, TaskQueue } from "lutra/internal";
import type { TaskStore } from "lutra/stores";
import { type ClaimedRow, claimWriter, createSqlTaskStore, toClaims } from "../sql/task-store.ts";
import type { Connection } from "./connection.ts";
import { tasksChannel } from "./migrations.ts";
import type { Session } from "./session.ts";
import * as rows from "./task-rows.ts";

/** Interval between polls, and between checks for dead processes, in milliseconds. */
const upkeepEveryMs = 1000;

export interface PostgresTaskOptions {
  readonly engine: Connection;
  readonly session: Session;
  readonly now: () => number;
  readonly retryPauseMs: (rejections: number) => number;
}

export function createPostgresTaskStore(options: PostgresTaskOptions): TaskStore {
  const queue = () => new PostgresTaskQueue(options);
  return createSqlTaskStore({ ...options, statements: rows.statements, queue, wake: () => {} });
}

class PostgresTaskQueue implements TaskQueue {
  readonly #options: PostgresTaskOptions;
  readonly write: TaskQueue["write"];
  readonly upkeep: NonNullable<TaskQueue["upkeep"]> = {
    everyMs: upkeepEveryMs,
    run: () => this.#releaseDead(),
  };

  constructor(options: PostgresTaskOptions) {
    this.#options = options;
    this.write = claimWriter(options, rows.statements);
  }

  async claim({ limit, isolateFrom, mayIsolate }: ClaimRequest): Promise<readonly Claim[]> {
    const { engine, session, now } = this.#options;
    const values = [await session.id(), now(), limit, isolateFrom, mayIsolate];
    return toClaims(await engine.rows<ClaimedRow>(rows.claim, values));
  }

  async settle({ task, number, session, rejections }: Claim, end: AttemptEnd): Promise<void> {
    const { engine, retryPauseMs } = this.#options;
    const attempt = [task.taskId, number, session];
    if (end === "lost") {
      await engine.count(rows.settleLost, attempt);
      return;
    }
    const pauseMs = end === "rejected" ? retryPauseMs(rejections + 1) : 0;
    await engine.count(rows.settle, [...attempt, end, pauseMs]);
  }

  isLive({ session }: Claim): boolean {
    return this.#options.session.isLive(session);
  }

  watch({ wake, lost }: QueueListener): () => void {
    return this.#options.session.add({
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
    await this.#options.engine.count(rows.releaseDead, []);
    return true;
  }
}
