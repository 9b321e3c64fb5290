/**
 * The schedule of tasks in Postgres. Workers claim due rows with `SKIP LOCKED`, are woken by `NOTIFY`,
 * and release the rows of sessions whose advisory lock is gone.
 */

import type {
  AttemptEnd,
  Claim,
  ClaimedChange,
  ClaimRequest,
  QueueListener,
  TaskQueue,
  Written,
} from "lutra/internal";
import type { JSONObject } from "lutra/protocol";
import type { StoredTask } from "lutra/stores";
import type { Connection } from "./connection.ts";
import { tasksChannel } from "./migrations.ts";
import type { Session } from "./session.ts";
import * as rows from "./task-rows.ts";

/** Interval between polls, and between checks for dead processes, in milliseconds. */
const upkeepEveryMs = 1000;

export interface PostgresTaskQueueOptions {
  readonly connection: Connection;
  readonly session: Session;
  readonly now: () => number;
  readonly retryPauseMs: (rejections: number) => number;
}

interface ClaimedRow extends StoredTask {
  readonly state: JSONObject;
  readonly runs: number;
  /** Null for a task that had expired. */
  readonly runner: number | null;
  readonly rejections: number;
  readonly lostRuns: number;
}

export class PostgresTaskQueue implements TaskQueue {
  readonly #options: PostgresTaskQueueOptions;
  readonly upkeep: NonNullable<TaskQueue["upkeep"]> = {
    everyMs: upkeepEveryMs,
    run: () => this.#releaseDead(),
  };

  constructor(options: PostgresTaskQueueOptions) {
    this.#options = options;
  }

  async claim({ limit, isolateFrom, mayIsolate }: ClaimRequest): Promise<readonly Claim[]> {
    const { connection, session, now } = this.#options;
    const values = [await session.id(), now(), limit, isolateFrom, mayIsolate];
    const claimed = await connection.rows<ClaimedRow>(rows.claim, values);
    return claimed.flatMap(toClaim);
  }

  async write(claim: Claim, task: StoredTask, change: ClaimedChange): Promise<Written> {
    const { connection, now } = this.#options;
    const { taskId, version, expiresAt, state } = task;
    const values = [taskId, version, now(), expiresAt, JSON.stringify(state)];
    const attempt = [claim.number, claim.session];
    const written = await connection.count(rows.replaceClaimed[change], [...values, ...attempt]);
    if (written > 0) return "written";
    const other = await connection.count(rows.findOtherClaim, [taskId, ...attempt]);
    return other > 0 ? "lost" : "outdated";
  }

  async settle({ task, number, session, rejections }: Claim, end: AttemptEnd): Promise<void> {
    const { connection, retryPauseMs } = this.#options;
    const attempt = [task.taskId, number, session];
    if (end === "lost") {
      await connection.count(rows.settleLost, attempt);
      return;
    }
    const pauseMs = end === "rejected" ? retryPauseMs(rejections + 1) : 0;
    await connection.count(rows.settle, [...attempt, end, pauseMs]);
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
    await this.#options.connection.count(rows.releaseDead, []);
    return true;
  }
}

function toClaim(row: ClaimedRow): Claim[] {
  const { taskId, version, expiresAt, state, runner, runs, rejections, lostRuns } = row;
  if (runner === null) return [];
  const task = { taskId, version, expiresAt, state };
  return [{ task, session: runner, number: runs, rejections, lostRuns }];
}
