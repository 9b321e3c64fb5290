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
  /** Returns the number of principals that are remembered. */
  readonly principals: () => number;
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

/**
 * Number of principals above which each creation also checks those that were not checked for the longest
 * time, because their tasks may have ended on other replicas.
 */
const uncheckedPrincipals = 1000;
/** Pause between two such checks of one principal, in milliseconds. */
const recheckMs = 300_000;

export function createOpenTasks({ limit, read, now }: OpenTasksOptions): OpenTasks {
  const owners = new Map<string | null, Owner>();

  function forget(owner: string | null): void {
    const open = owners.get(owner);
    if (open?.reserved === 0 && open.taskIds.size === 0 && open.waiting === 0) owners.delete(owner);
  }

  /** Removes the tasks that have expired or have ended on another replica. */
  function dropEnded(open: Owner, pauseMs = retryAfterMs): Promise<void> {
    if (open.checking !== undefined) return open.checking;
    if (now() - open.checkedAt < pauseMs) return Promise.resolve();
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

  /** Checks two principals, so that more can be forgotten than are added. */
  function checkOldest(): void {
    for (let count = 0; count < 2 && owners.size > uncheckedPrincipals; count += 1) {
      const [oldest] = owners;
      const [owner, open] = oldest as [string | null, Owner];
      owners.delete(owner);
      owners.set(owner, open);
      // If the store fails, they are checked later.
      dropEnded(open, recheckMs).then(
        () => forget(owner),
        () => {},
      );
    }
  }

  return {
    principals: () => owners.size,
    add: async (principal, create) => {
      checkOldest();
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
