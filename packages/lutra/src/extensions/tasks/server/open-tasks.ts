/** Limits the number of open tasks that this process has created for each principal. */
import { tooMany } from "../../../protocol/errors.ts";
import type { Principal } from "../../../protocol/exchange.ts";
import { isTerminal } from "../protocol.ts";
import type { TaskRecord } from "./records.ts";

export interface OpenTasks {
  /**
   * Creates a task of a principal.
   *
   * @throws {ProtocolError} with the status 429 when the limit is reached
   */
  readonly add: <T extends Pick<TaskRecord, "taskId">>(
    principal: Principal | undefined,
    create: () => Promise<T>,
  ) => Promise<T>;
  /** Must be called with each change that this process has made. */
  readonly update: (record: TaskRecord) => void;
}

export interface OpenTasksOptions {
  readonly limit: number;
  readonly read: (taskId: string) => Promise<TaskRecord | undefined>;
  readonly now: () => number;
}

/** The open tasks of one principal. */
interface Owner {
  /** Number of tasks that are being created. */
  reserved: number;
  readonly taskIds: Set<string>;
  /** Number of callers that wait for a check of the store. */
  waiting: number;
  checking: Promise<void> | undefined;
  checkedAt: number;
}

/** Pause before a refused caller may retry, in milliseconds, and between checks of the store. */
const retryAfterMs = 1000;

export function createOpenTasks({ limit, read, now }: OpenTasksOptions): OpenTasks {
  const owners = new Map<string | null, Owner>();

  function forget(owner: string | null): void {
    const open = owners.get(owner);
    if (open?.reserved === 0 && open.taskIds.size === 0 && open.waiting === 0) owners.delete(owner);
  }

  /** Removes the tasks that have expired or have ended on another replica. */
  function dropEnded(open: Owner): Promise<void> {
    if (open.checking !== undefined) return open.checking;
    if (now() - open.checkedAt < retryAfterMs) return Promise.resolve();
    open.checkedAt = now();
    const drop = async (taskId: string) => {
      const record = await read(taskId);
      if (record === undefined || isTerminal(record.state.status)) open.taskIds.delete(taskId);
    };
    open.checking = Promise.all([...open.taskIds].map(drop))
      .then(() => {})
      .finally(() => {
        open.checking = undefined;
      });
    return open.checking;
  }

  return {
    add: async (principal, create) => {
      const owner = principal?.id ?? null;
      const open = owners.get(owner) ?? newOwner();
      owners.set(owner, open);
      const isFull = () => open.taskIds.size + open.reserved >= limit;
      if (isFull()) {
        open.waiting += 1;
        await dropEnded(open).finally(() => {
          open.waiting -= 1;
        });
      }
      if (isFull()) {
        forget(owner);
        throw tooMany(`open tasks: at most ${limit} are allowed`, retryAfterMs);
      }
      open.reserved += 1;
      try {
        const created = await create();
        open.taskIds.add(created.taskId);
        return created;
      } finally {
        open.reserved -= 1;
        forget(owner);
      }
    },
    update: ({ taskId, state }) => {
      if (!isTerminal(state.status)) return;
      const owner = (state.call.principal?.id ?? null) as string | null;
      owners.get(owner)?.taskIds.delete(taskId);
      forget(owner);
    },
  };
}

function newOwner(): Owner {
  return {
    reserved: 0,
    waiting: 0,
    taskIds: new Set(),
    checking: undefined,
    checkedAt: Number.NEGATIVE_INFINITY,
  };
}
