/**
 * Tasks in their store: every change is one compare-and-set, and whoever watches the task hears of
 * it over the bus, on whichever replica.
 */
import type { Principal } from "../../../protocol/exchange.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import { randomId } from "../../../server/random-id.ts";
import type { EventBus } from "../../../stores/event-bus.ts";
import type { StoredTask, TakenTask, TaskOrder, TaskStore } from "../../../stores/task-store.ts";
import { isTerminal } from "../protocol.ts";
import type { NewTask, TaskEvent, TaskState } from "../state.ts";
import { newTask, transition } from "../state.ts";

/** A task as this process last saw it. */
export interface TaskRecord {
  readonly taskId: string;
  readonly version: number;
  readonly expiresAt: number | null;
  readonly state: TaskState;
}

export interface TaskRecords {
  /** Adds a task; every replica can read it when the promise resolves. */
  readonly create: (
    task: Omit<NewTask, "now" | "exchange">,
    order: "run" | "hold",
  ) => Promise<TaskRecord>;
  /** The task; `undefined` when it is unknown or has expired. */
  readonly read: (taskId: string) => Promise<TaskRecord | undefined>;
  /**
   * Lets `event` happen to a task; gives what it is then. `known` saves a look into the store, and
   * `replaceLast` makes the change where that ends a run.
   */
  readonly change: (
    taskId: string,
    event: TaskEvent,
    known?: TaskRecord,
    replaceLast?: TakenTask["replaceLast"],
  ) => Promise<TaskRecord | undefined>;
  /** Hands a task that this process held to a worker, perhaps another. */
  readonly handOver: (taskId: string) => Promise<void>;
}

export interface RecordsOptions {
  readonly store: () => TaskStore;
  readonly events: EventBus;
  readonly now: () => number;
  /** Hears of every change that this process has made. */
  readonly onChange: (record: TaskRecord) => void;
  /** Hears why others could not be told of one. They learn of it when they look. */
  readonly onError: (error: unknown) => void;
}

/** The topic under which changes of one task travel over the bus. */
export function taskTopic(taskId: string): string {
  return `tasks ${taskId}`;
}

/** The topic that tells every replica of tasks that nobody wants any longer. */
export const cancelledTopic = "tasks cancelled";

/** How often a change is tried that others get in the way of. */
const maxAttempts = 100;

export function createRecords(options: RecordsOptions): TaskRecords {
  const { store, now, onChange } = options;
  async function read(taskId: string): Promise<TaskRecord | undefined> {
    const stored = await store().get(taskId);
    return stored && toRecord(stored);
  }

  function replace(
    record: TaskRecord,
    state: TaskState,
    order: TaskOrder | undefined,
    replaceLast?: TakenTask["replaceLast"],
  ) {
    const { taskId, version, expiresAt } = record;
    const next = { taskId, version: version + 1, expiresAt, state };
    const isLast = replaceLast !== undefined && order?.order === "drop";
    const stored = toStored(next);
    const replaced = isLast ? replaceLast(stored) : store().replace(stored, order);
    return [next, replaced] as const;
  }

  /** Where nothing happens, nothing is replaced. */
  function begin(record: TaskRecord, event: TaskEvent, replaceLast?: TakenTask["replaceLast"]) {
    const state = transition(record.state, event, now());
    if (state === record.state) return [record, false] as const;
    return replace(record, state, orderAfter(record.state, event, state), replaceLast);
  }

  /** Nobody sees the steps of a task. */
  function announce(record: TaskRecord, event: TaskEvent): void {
    if (event.type === "step") return;
    const { taskId, version, state } = record;
    onChange(record);
    void tell(options, taskTopic(taskId), { taskId, version });
    if (state.status === "cancelled") void tell(options, cancelledTopic, { taskId });
  }

  return {
    create: async (task, order) => {
      const time = now();
      const { ttlMs, pollIntervalMs, call, memory, statusMessage } = task;
      const exchange = randomId();
      const init = { now: time, ttlMs, pollIntervalMs, call, memory, exchange, statusMessage };
      const state = newTask(init);
      const expiresAt = ttlMs === null ? null : time + ttlMs;
      // 128 bits from a secure source: nobody can guess one.
      const record = { taskId: randomId(), version: 1, expiresAt, state };
      await store().create(toStored(record), { order });
      return record;
    },
    read,
    change: async (taskId, event, known, replaceLast) => {
      let record = known ?? (await read(taskId));
      for (let attempt = 0; attempt < maxAttempts && record !== undefined; attempt += 1) {
        const [next, replaced] = begin(record, event, replaceLast);
        if (await replaced) {
          announce(next, event);
          return next;
        }
        // What this process remembers may be old; only the store can say that nothing happens.
        const current = await read(taskId);
        if (current?.version === record.version) return current;
        record = current;
      }
      if (record === undefined) return undefined;
      throw new Error(`task ${taskId}: changed by others ${maxAttempts} times in a row`);
    },
    handOver: async (taskId) => {
      for (let record = await read(taskId); record !== undefined; record = await read(taskId)) {
        if (record.state.status !== "working") return;
        if (await replace(record, record.state, { order: "run" })[1]) return;
      }
    },
  };
}

/** What is done is done: that nobody hears of it is no failure of the change. */
async function tell(
  { events, onError }: RecordsOptions,
  topic: string,
  event: JSONObject,
): Promise<void> {
  try {
    await events.publish(topic, event);
  } catch (error) {
    onError(error);
  }
}

/**
 * True for the caller whose task it is. Callers without a principal are all the same.
 *
 * @spec ext-tasks/tasks#security-considerations
 */
export function belongsTo({ state }: TaskRecord, principal: Principal | undefined): boolean {
  return (state.call.principal?.id ?? null) === (principal?.id ?? null);
}

/** A step that is kept is never run again. */
const progress: TaskOrder = { isProgress: true };
const drop: TaskOrder = { order: "drop" };

/** What the store is to do about a change. */
function orderAfter(before: TaskState, event: TaskEvent, after: TaskState): TaskOrder | undefined {
  // What a run says of itself is no progress: it says so again, however often its process dies.
  if (event.type === "step") return progress;
  if (isTerminal(after.status) || after.status === "input_required") return drop;
  return after.round > before.round ? { order: "run" } : undefined;
}

/** A task as its store gives it: the store keeps states without knowing what is in them. */
export function toRecord(stored: StoredTask): TaskRecord {
  return stored as unknown as TaskRecord;
}

function toStored(record: TaskRecord): StoredTask {
  return record as unknown as StoredTask;
}
