/** Tasks in a table. A row holds a task and its schedule, so both change in one statement. */
import { type Claim, LocalTasks, type TaskQueue } from "lutra/internal";
import type { JSONObject } from "lutra/protocol";
import {
  type ListedTask,
  type StoredTask,
  StoreUnavailableError,
  type TaskOrder,
  type TaskStore,
} from "lutra/stores";
import { reportOutages } from "../report-outages.ts";
import type { SqlClock, SqlEngine, SqlValue } from "./engine.ts";
import type { TaskStatements } from "./task-statements.ts";

/** The sign by which other processes know that this one is alive. */
interface SqlSession {
  /** Resolves to the number of the session. */
  readonly id: () => Promise<number>;
  readonly isLive: (session: number) => boolean;
  /** Calls `listener` when the session has ended. Returns a function that removes it. */
  readonly onLost: (listener: () => void) => () => void;
  readonly end: () => Promise<void>;
}

export interface SqlTaskOptions {
  readonly engine: SqlEngine;
  readonly session: SqlSession;
  readonly now: SqlClock;
}

export interface SqlTaskInit extends SqlTaskOptions {
  readonly statements: TaskStatements;
  /** Creates the queue of one worker. */
  readonly queue: () => TaskQueue;
  /** Called after an order, in addition to `waking`. */
  readonly wake: () => void;
}

interface Row {
  readonly version: number;
  readonly expiresAt: number | null;
  readonly state: string;
}

interface ListedRow extends Omit<Row, "state"> {
  readonly taskId: string;
  /** Null for one that is too long. */
  readonly state: string | null;
  readonly attempts: number;
  readonly lostAttempts: number;
  readonly rejections: number;
  readonly isRunning: number;
}

/** Maximum length of a state in a list, in characters. */
const maxListedLength = 262_144;

export interface ClaimedRow extends Row {
  readonly taskId: string;
  readonly runs: number;
  /** Null for a task that had expired. */
  readonly runner: number | null;
  readonly rejections: number;
  readonly lostAttempts: number;
}

export function createSqlTaskStore(init: SqlTaskInit): TaskStore {
  const { engine, session, now, statements, queue, wake } = init;
  const local = new LocalTasks(queue());
  const removeListener = session.onLost(() => local.loseHeld());

  async function insert(sql: string, task: StoredTask, ...more: SqlValue[]): Promise<number> {
    const time = statements.dueNow === "$5" ? [now()] : [];
    try {
      return await engine.count(sql, [...valuesOf(task), ...time, ...more]);
    } catch (error) {
      if (!engine.isDuplicate(error)) throw error;
      throw new TypeError(`create: the task ${task.taskId} already exists`);
    }
  }

  return {
    isShared: true,
    create: async (task, { order }) => {
      await insert(statements.insert[order === "run" ? "run" : "keep"], task);
      if (order === "run") wake();
    },
    hold: async (task) => {
      const number = await session.id();
      const inserted = await insert(statements.insert.hold, task, number).catch((error) => {
        // Only the answer may be lost. The caller continues without a task, so that no worker may run it.
        const values = [task.taskId, number, JSON.stringify(task.state)];
        engine.count(statements.discard, values).catch(() => {});
        throw error;
      });
      if (inserted === 0) {
        throw new StoreUnavailableError(engine.name, new Error("the session has ended"));
      }
      const taken = local.hold({
        task,
        session: number,
        number: 1,
        rejections: 0,
        lostAttempts: 0,
      });
      if (!session.isLive(number)) local.loseHeld();
      return taken;
    },
    get: async (taskId) => {
      if (!engine.canBeName(taskId)) return undefined;
      const [row] = await engine.rows<Row>(statements.find, [taskId, now()]);
      return row && { taskId, ...row, state: JSON.parse(row.state) as JSONObject };
    },
    replace: async (task, { order, isProgress }: TaskOrder = {}) => {
      const sql = statements.replace[order ?? (isProgress ? "progress" : "keep")];
      const changed = await engine.count(sql, [...valuesOf(task), now()]);
      if (order === "run") wake();
      return changed > 0;
    },
    work: (options) => {
      return local.work(queue(), { ...options, onError: reportOutages(options.onError) });
    },
    list: async (limit) => {
      const values = [limit, maxListedLength, now()];
      return (await engine.rows<ListedRow>(statements.list, values)).map(toListed);
    },
    sweep: (limit) => engine.count(statements.sweep, [now(), limit]),
    close: async () => {
      removeListener();
      await local.close();
      await session.end();
    },
  };
}

function toListed({ taskId, version, expiresAt, state, isRunning, ...row }: ListedRow): ListedTask {
  const parsed = state === null ? undefined : (JSON.parse(state) as JSONObject);
  return {
    task: { taskId, version, expiresAt, state: parsed },
    ...row,
    isRunning: isRunning === 1,
  };
}

/** Returns a function that writes tasks under a claim. */
export function claimWriter(
  { engine, now }: SqlTaskOptions,
  statements: TaskStatements,
): TaskQueue["write"] {
  const pauseEnd = (ms: number) => (statements.dueNow === "$5" ? Number(now()) + ms : ms);
  return async ({ number, session }, task, change) => {
    const values = [...valuesOf(task), now(), number, session];
    const isPause = typeof change === "object";
    if (isPause) values.push(pauseEnd(change.runAfterMs));
    const sql = statements.replaceClaimed[isPause ? "pause" : change];
    if ((await engine.count(sql, values)) > 0) return "written";
    const claim = [task.taskId, number, session];
    const others = await engine.rows(statements.findOtherClaim, claim);
    return others.length > 0 ? "lost" : "outdated";
  };
}

/** Returns a function that returns true for the current claim. */
export function claimOwner(engine: SqlEngine, statements: TaskStatements): TaskQueue["owns"] {
  return async ({ task, number, session }) => {
    const others = await engine.rows(statements.findOtherClaim, [task.taskId, number, session]);
    return others.length === 0;
  };
}

/** Converts the rows of a claim, of which those of expired tasks have no runner. */
export function toClaims(rows: readonly ClaimedRow[]): Claim[] {
  return rows.flatMap(
    ({ taskId, version, expiresAt, runner, runs, rejections, lostAttempts, ...row }) => {
      if (runner === null) return [];
      const task = { taskId, version, expiresAt, state: JSON.parse(row.state) as JSONObject };
      return [{ task, session: runner, number: runs, rejections, lostAttempts }];
    },
  );
}

function valuesOf({ taskId, version, expiresAt, state }: StoredTask): SqlValue[] {
  return [taskId, version, expiresAt, JSON.stringify(state)];
}
