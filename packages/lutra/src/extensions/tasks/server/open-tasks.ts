/** How many tasks of one principal are open, as far as this process has created them. */
import { ProtocolError } from "../../../protocol/errors.ts";
import type { Principal } from "../../../protocol/exchange.ts";
import { isTerminal } from "../protocol.ts";
import type { TaskRecord } from "./records.ts";

export interface OpenTasks {
  /**
   * Refuses one more task of a principal that has too many.
   *
   * @throws {ProtocolError} with the status 429
   */
  readonly reserve: (principal: Principal | undefined) => Promise<Reservation>;
  /** Takes note of a change that this process has made. */
  readonly update: (record: TaskRecord) => void;
}

export interface Reservation {
  readonly take: (taskId: string) => void;
  readonly cancel: () => void;
}

export interface OpenTasksOptions {
  readonly limit: number;
  readonly read: (taskId: string) => Promise<TaskRecord | undefined>;
  readonly now: () => number;
}

/** What one principal has open. */
interface Owner {
  reserved: number;
  readonly taskIds: Set<string>;
  /** How many wait for a look into the store. */
  waiting: number;
  looking: Promise<void> | undefined;
  lookedAt: number;
}

/** When one who was refused may come again; the store is not looked into more often than that. */
const retryAfterMs = 1000;

export function createOpenTasks({ limit, read, now }: OpenTasksOptions): OpenTasks {
  const owners = new Map<string | null, Owner>();

  function forget(owner: string | null): void {
    const open = owners.get(owner);
    if (open?.reserved === 0 && open.taskIds.size === 0 && open.waiting === 0) owners.delete(owner);
  }

  /** Tasks may have ended at another replica, or expired. */
  function dropEnded(open: Owner): Promise<void> {
    if (open.looking !== undefined) return open.looking;
    if (now() - open.lookedAt < retryAfterMs) return Promise.resolve();
    open.lookedAt = now();
    const drop = async (taskId: string) => {
      const record = await read(taskId);
      if (record === undefined || isTerminal(record.state.status)) open.taskIds.delete(taskId);
    };
    open.looking = Promise.all([...open.taskIds].map(drop))
      .then(() => {})
      .finally(() => {
        open.looking = undefined;
      });
    return open.looking;
  }

  return {
    reserve: async (principal) => {
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
        throw new ProtocolError("internalError", `Too many open tasks: ${limit} are allowed`, {
          status: 429,
          retryAfterMs,
        });
      }
      open.reserved += 1;
      const release = () => {
        open.reserved -= 1;
      };
      return {
        take: (taskId) => {
          release();
          open.taskIds.add(taskId);
        },
        cancel: () => {
          release();
          forget(owner);
        },
      };
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
    looking: undefined,
    lookedAt: Number.NEGATIVE_INFINITY,
  };
}
