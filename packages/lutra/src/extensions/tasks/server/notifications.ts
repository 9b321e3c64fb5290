/**
 * Tasks on `subscriptions/listen`. Each change of a task is sent as a notification with the whole task.
 *
 * @spec ext-tasks/tasks#task-status-notifications
 */
import { invalidParams } from "../../../protocol/errors.ts";
import type { JSONObject } from "../../../protocol/json.ts";
import type {
  AcceptedMember,
  FilterMember,
  SendNotification,
} from "../../../server/filter-member.ts";
import { type EventBus, eventGapTopic } from "../../../stores/event-bus.ts";
import { retryPauseMs } from "../../../stores/retry-pause.ts";
import { isTerminal, taskFilterMember, taskNotificationMethod } from "../protocol.ts";
import { detailedTask } from "../state.ts";
import { belongsTo, type TaskRecord, type TaskRecords, taskTopic } from "./records.ts";
import { unreferenced } from "./running-tasks.ts";

export interface NotificationsInit {
  readonly records: TaskRecords;
  readonly events: EventBus;
  readonly maxTasks: number;
  readonly onError: (error: unknown) => void;
}

/** Creates the filter member `taskIds`. It accepts only existing tasks of the caller. */
export function taskFilter(init: NotificationsInit): FilterMember {
  return {
    name: taskFilterMember,
    accept: async (wanted, { principal }, send) => {
      const taskIds = parseTaskIds(wanted, init.maxTasks);
      const streams = taskIds.map((taskId) => new TaskStream(taskId, send, init));
      const isFollowed = async (stream: TaskStream) => {
        const record = await stream.open();
        if (record !== undefined && belongsTo(record, principal)) return true;
        stream.stop();
        return false;
      };
      const stop = () => {
        for (const stream of streams) stream.stop();
      };
      try {
        const followed = await Promise.all(streams.map(isFollowed));
        return acceptedStreams(
          streams.filter((_, index) => followed[index]),
          stop,
        );
      } catch (error) {
        stop();
        throw error;
      }
    },
  };
}

/** Returns the filter member with the accepted streams, or `undefined` if there are none. */
function acceptedStreams(
  streams: readonly TaskStream[],
  stop: () => void,
): AcceptedMember | undefined {
  if (streams.length === 0) return undefined;
  const start = () => {
    for (const stream of streams) stream.start();
  };
  return { value: streams.map(({ taskId }) => taskId), start, stop };
}

function parseTaskIds(value: unknown, limit: number): readonly string[] {
  const where = `params.notifications.${taskFilterMember}`;
  if (!Array.isArray(value) || !value.every((one) => typeof one === "string")) {
    throw invalidParams(`${where}: expected an array of strings`);
  }
  if (value.length > limit) throw invalidParams(`${where}: expected at most ${limit} tasks`);
  return [...new Set<string>(value)];
}

/**
 * Sends one task on a subscription's stream. Event buses limit the size of events, so an event
 * contains only the new version number, and the task is read from the store. The initial state is
 * sent too; otherwise, a client that does not poll would wait forever for a task that ended before
 * the subscription.
 */
class TaskStream {
  readonly taskId: string;
  readonly #send: SendNotification;
  readonly #init: NotificationsInit;
  readonly #subscribed: readonly (() => void)[];
  #first: TaskRecord | undefined;
  #sentVersion = 0;
  #isStarted = false;
  #isStopped = false;
  #isReading = false;
  #isStale = false;
  /** Number of consecutive failed reads, and the timer of the next attempt. */
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(taskId: string, send: SendNotification, init: NotificationsInit) {
    this.taskId = taskId;
    this.#send = send;
    this.#init = init;
    // Subscribes before the first read, so that no change is missed.
    this.#subscribed = [
      init.events.subscribe(taskTopic(taskId), this.#changed),
      init.events.subscribe(eventGapTopic, this.#outdated),
    ];
  }

  async open(): Promise<TaskRecord | undefined> {
    this.#first = await this.#init.records.read(this.taskId);
    return this.#first;
  }

  start(): void {
    this.#isStarted = true;
    if (this.#first !== undefined) this.#sendTask(this.#first);
    if (this.#isStale) void this.#read();
  }

  readonly stop = (): void => {
    this.#isStopped = true;
    clearTimeout(this.#retry);
    for (const unsubscribe of this.#subscribed) unsubscribe();
  };

  /** Called with each event. Changes during a read cause one more read. */
  readonly #changed = (event: JSONObject): void => {
    if ((event.version as number) > this.#sentVersion) this.#outdated();
  };

  /** Marks the task for a read. Also called after a gap in the events, which may hide changes. */
  readonly #outdated = (): void => {
    if (this.#isStopped) return;
    this.#isStale = true;
    if (this.#isStarted && !this.#isReading) void this.#read();
  };

  async #read(): Promise<void> {
    this.#isReading = true;
    clearTimeout(this.#retry);
    try {
      while (this.#isStale && !this.#isStopped) {
        this.#isStale = false;
        const record = await this.#init.records.read(this.taskId);
        this.#failures = 0;
        if (record !== undefined) this.#sendTask(record);
      }
    } catch (error) {
      this.#init.onError(error);
      this.#failures += 1;
      this.#retry = unreferenced(setTimeout(this.#outdated, retryPauseMs(this.#failures)));
    } finally {
      this.#isReading = false;
    }
  }

  #sendTask(record: TaskRecord): void {
    if (this.#isStopped || record.version <= this.#sentVersion) return;
    this.#sentVersion = record.version;
    const task = detailedTask(this.taskId, record.state);
    this.#send(taskNotificationMethod, task as unknown as JSONObject);
    // A terminal status is the last change.
    if (isTerminal(record.state.status)) this.stop();
  }
}
