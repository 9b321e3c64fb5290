/**
 * Reads and changes the tasks in a store. Each change is a compare-and-set operation. Replicas that
 * follow the task are notified over the event bus.
 */
import type { Principal } from "../../../protocol/exchange.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import { randomId } from "../../../server/random-id.ts";
import type { EventBus } from "../../../stores/event-bus.ts";
import type {
  HeldTask,
  StoredTask,
  TakenTask,
  TaskOrder,
  TaskStore,
} from "../../../stores/task-store.ts";
import { isTerminal } from "../protocol.ts";
import type { NewTask, TaskEvent, TaskState } from "../state.ts";
import { newTask, transition } from "../state.ts";

/** A version of a task. */
export interface TaskRecord {
  readonly taskId: string;
  readonly version: number;
  readonly expiresAt: number | null;
  readonly state: TaskState;
}

/** A task that the caller runs itself. */
export interface HeldRecord extends TaskRecord {
  readonly taken: HeldTask;
}

export interface TaskInit extends Omit<NewTask, "now" | "exchange"> {
  /** The id of a task that can be created again. @default a random one */
  readonly taskId?: string | undefined;
}

export interface TaskRecords {
  /** Adds a task for any worker. When the promise resolves, every replica can read it. */
  readonly create: (task: TaskInit) => Promise<TaskRecord>;
  /** Adds a task that the caller runs. When the promise resolves, every replica can read it. */
  readonly hold: (task: TaskInit) => Promise<HeldRecord>;
  /** Returns the task; `undefined` when it is unknown or has expired. */
  readonly read: (taskId: string) => Promise<TaskRecord | undefined>;
  /**
   * Applies `event` to a task and returns the resulting record. `known` saves a read. With `taken`,
   * the change is made only while that attempt owns the task. If the task does not run after the
   * change, the attempt ends.
   */
  readonly change: (
    taskId: string,
    event: TaskEvent,
    known?: TaskRecord,
    taken?: TakenTask,
  ) => Promise<TaskRecord | undefined>;
}

export interface RecordsOptions {
  readonly store: () => TaskStore;
  readonly events: EventBus;
  readonly now: () => number;
  /** Called after each change that this process has made, except for recorded steps. */
  readonly onChange: (record: TaskRecord) => void;
  /** Called when this process has created a task, or changed its status. @default no callback */
  readonly onStatus?: (record: TaskRecord) => void;
  /**
   * Called when a change could not be published. Other replicas see the change when they next read
   * the task.
   */
  readonly onError: (error: unknown) => void;
}

/** Returns the topic for changes of one task. */
export function taskTopic(taskId: string): string {
  return `tasks ${taskId}`;
}

/** The topic for cancellations of all tasks. */
export const cancelledTopic = "tasks cancelled";

/** Maximum number of times that a change is tried when it conflicts with others. */
const maxTries = 100;

export function createRecords(options: RecordsOptions): TaskRecords {
  const { store, now, onChange, onStatus = () => {} } = options;
  async function read(taskId: string): Promise<TaskRecord | undefined> {
    const stored = await store().get(taskId);
    return stored && toRecord(stored);
  }

  /** Creates a record. A random id has 128 bits from a secure source, so it can't be guessed. */
  function newRecord(task: TaskInit): TaskRecord {
    const { taskId = randomId(), ttlMs, pollIntervalMs, call, memory, statusMessage } = task;
    const time = now();
    const exchange = randomId();
    const init = { now: time, ttlMs, pollIntervalMs, call, memory, exchange, statusMessage };
    const expiresAt = ttlMs === null ? null : time + ttlMs;
    return { taskId, version: 1, expiresAt, state: newTask(init) };
  }

  function replace(record: TaskRecord, order: TaskOrder, taken?: TakenTask): Promise<boolean> {
    const stored = toStored(record);
    if (taken === undefined) return store().replace(stored, order);
    const { order: schedule, isProgress } = order;
    return schedule ? taken.end(stored, order) : taken.replace(stored, { isProgress });
  }

  /** Publishes a change, unless clients do not see it. */
  function publish(record: TaskRecord, event: TaskEvent, before: TaskRecord): void {
    if (event.type === "progress" || event.type === "sleep") return;
    const { taskId, version, state } = record;
    onChange(record);
    if (state.status !== before.state.status) onStatus(record);
    void notify(options, taskTopic(taskId), { taskId, version });
    if (state.status === "cancelled") void notify(options, cancelledTopic, { taskId });
  }

  return {
    create: async (task) => {
      const record = newRecord(task);
      await store().create(toStored(record), { order: "run" });
      onStatus(record);
      return record;
    },
    hold: async (task) => {
      const record = newRecord(task);
      const taken = await store().hold(toStored(record));
      onStatus(record);
      return { ...record, taken };
    },
    read,
    change: async (taskId, event, known, taken) => {
      let record = known ?? (await read(taskId));
      for (let tries = 0; tries < maxTries && record !== undefined; tries += 1) {
        const { version, expiresAt } = record;
        const state = transition(record.state, event, now());
        const next = { taskId, version: version + 1, expiresAt, state };
        const order = orderAfter(record.state, event, { state, now: now() });
        if (state !== record.state && (await replace(next, order, taken))) {
          publish(next, event, record);
          return next;
        }
        // The record may be outdated. Only the current one shows whether the event has an effect.
        const current = await read(taskId);
        if (current?.version === version) return current;
        record = current;
      }
      if (record === undefined) return undefined;
      throw new Error(`task ${taskId}: the change conflicted ${maxTries} times in a row`);
    },
  };
}

/** Publishes an event. The change is already stored, so a failure is only reported. */
async function notify(
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
 * True when the task belongs to the caller. All callers without a principal count as one.
 *
 * @spec ext-tasks/tasks#security-considerations
 */
export function belongsTo({ state }: TaskRecord, principal: Principal | undefined): boolean {
  return (state.call.principal?.id ?? null) === (principal?.id ?? null);
}

const none: TaskOrder = {};
const run: TaskOrder = { order: "run" };
const drop: TaskOrder = { order: "drop" };
/** The order for recorded steps. They count as progress, because they do not run again. */
const progress: TaskOrder = { isProgress: true };

/** Returns the order that the store carries out together with a change. */
function orderAfter(
  before: TaskState,
  event: TaskEvent,
  { state, now }: { readonly state: TaskState; readonly now: number },
): TaskOrder {
  if (event.type === "progress") return progress;
  if (event.type === "sleep") return { order: "run", afterMs: Math.max(0, event.wakeAt - now) };
  if (isTerminal(state.status) || state.status === "input_required") return drop;
  // Status messages do not count as progress, because every replay repeats them.
  return state.round > before.round ? run : none;
}

/** Converts a stored task. Stores do not know the type of its state. */
export function toRecord(stored: StoredTask): TaskRecord {
  return stored as unknown as TaskRecord;
}

function toStored(record: TaskRecord): StoredTask {
  return record as unknown as StoredTask;
}
