/** How many tasks of one principal are open, as far as this process has created them. */
import { ProtocolError } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/exchange.ts";
import { isTerminal } from "./protocol.ts";
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
}

const retryAfterMs = 1000;

export function createOpenTasks({ limit, read }: OpenTasksOptions): OpenTasks {
  const owners = new Map<string | null, { reserved: number; readonly taskIds: Set<string> }>();

  function forget(owner: string | null): void {
    const open = owners.get(owner);
    if (open?.reserved === 0 && open.taskIds.size === 0) owners.delete(owner);
  }

  /** Tasks may have ended at another replica, or expired. */
  async function dropEnded(taskIds: Set<string>): Promise<void> {
    const drop = async (taskId: string) => {
      const record = await read(taskId);
      if (record === undefined || isTerminal(record.state.status)) taskIds.delete(taskId);
    };
    await Promise.all([...taskIds].map(drop));
  }

  return {
    reserve: async (principal) => {
      const owner = principal?.id ?? null;
      const open = owners.get(owner) ?? { reserved: 0, taskIds: new Set() };
      owners.set(owner, open);
      const isFull = () => open.taskIds.size + open.reserved >= limit;
      if (isFull()) await dropEnded(open.taskIds);
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
          owners.set(owner, open);
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
