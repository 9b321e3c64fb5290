/** The schedule of tasks in the memory of one process. */
import { maxTimerMs } from "../time/max-timer.ts";
import { retryPauseMs } from "./retry-pause.ts";
import type { AttemptEnd, Claim, ClaimedChange, Written } from "./task-attempt.ts";
import type { ClaimRequest, QueueListener, TaskQueue } from "./task-runner.ts";
import type { StoredTask } from "./task-store.ts";
import type { Timer } from "./timer.ts";

export interface MemoryTaskQueueOptions {
  readonly wait: Timer;
  readonly read: (taskId: string) => StoredTask | undefined;
  /** Replaces the previous version of a task; false when the store holds another one. */
  readonly replace: (task: StoredTask) => boolean;
}

/** The schedule of one task. It is deleted when nothing is ordered and no attempt is running. */
interface Schedule {
  isOrdered: boolean;
  /** Number of orders, to tell whether another one came during an attempt. */
  orders: number;
  /** Its value when the current attempt began. */
  claimedOrders: number;
  /** True once the task has run or been ordered again. */
  hasBegun: boolean;
  /** Number of the current attempt. */
  attempt: number | undefined;
  rejections: number;
  /** Ends the pause before the next attempt. */
  pause: AbortController | undefined;
}

export class MemoryTaskQueue implements TaskQueue {
  readonly #options: MemoryTaskQueueOptions;
  readonly #schedules = new Map<string, Schedule>();
  /** Due tasks in their order: those that have begun, and the others. */
  readonly #due = [new Set<string>(), new Set<string>()] as const;
  readonly #listeners = new Set<QueueListener>();
  #claims = 0;

  constructor(options: MemoryTaskQueueOptions) {
    this.#options = options;
  }

  /** Schedules a task. `isFirst` is true for the order of its creation. */
  order(taskId: string, isFirst = false): void {
    const schedule = this.#schedules.get(taskId) ?? newSchedule();
    this.#schedules.set(taskId, schedule);
    schedule.hasBegun = !isFirst;
    schedule.isOrdered = true;
    this.#reorder(taskId, schedule);
  }

  /** Takes a task off the schedule. */
  drop(taskId: string): void {
    const schedule = this.#schedules.get(taskId);
    if (schedule === undefined) return;
    schedule.isOrdered = false;
    this.#reorder(taskId, schedule);
  }

  /** Claims a task for an attempt outside of any worker. */
  hold(task: StoredTask): Claim {
    const schedule = newSchedule();
    this.#schedules.set(task.taskId, schedule);
    schedule.isOrdered = true;
    return this.#begin(task, schedule);
  }

  async claim({ limit }: Pick<ClaimRequest, "limit">): Promise<readonly Claim[]> {
    const claims: Claim[] = [];
    for (const due of this.#due) {
      for (const taskId of due) {
        if (claims.length === limit) return claims;
        due.delete(taskId);
        const task = this.#options.read(taskId);
        const schedule = this.#schedules.get(taskId);
        if (task === undefined || schedule === undefined) this.#schedules.delete(taskId);
        else claims.push(this.#begin(task, schedule));
      }
    }
    return claims;
  }

  async write(claim: Claim, task: StoredTask, change: ClaimedChange): Promise<Written> {
    const schedule = this.#current(claim);
    if (schedule === undefined) return "lost";
    if (!this.#options.replace(task)) return "outdated";
    const { taskId } = task;
    if (change === "end") {
      schedule.attempt = undefined;
      this.drop(taskId);
    } else if (typeof change === "object") {
      schedule.attempt = undefined;
      schedule.rejections = 0;
      this.#enqueueAfter(change.runAfterMs, taskId, schedule);
    }
    return "written";
  }

  async settle(claim: Claim, end: AttemptEnd): Promise<void> {
    const schedule = this.#current(claim);
    if (schedule === undefined) return;
    schedule.attempt = undefined;
    const isNew = schedule.orders !== schedule.claimedOrders;
    const { taskId } = claim.task;
    if (end === "rejected" && !isNew) {
      schedule.rejections += 1;
      return this.#enqueueAfter(retryPauseMs(schedule.rejections), taskId, schedule);
    }
    if (end === "done" && !isNew) schedule.isOrdered = false;
    this.#enqueue(taskId, schedule);
  }

  async owns(claim: Claim): Promise<boolean> {
    return this.#current(claim) !== undefined;
  }

  isLive(): boolean {
    return true;
  }

  watch(listener: QueueListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  defer(take: () => void): void {
    queueMicrotask(take);
  }

  #current({ task, number }: Claim): Schedule | undefined {
    const schedule = this.#schedules.get(task.taskId);
    return schedule?.attempt === number ? schedule : undefined;
  }

  #begin(task: StoredTask, schedule: Schedule): Claim {
    this.#claims += 1;
    schedule.attempt = this.#claims;
    schedule.hasBegun = true;
    schedule.claimedOrders = schedule.orders;
    const { rejections } = schedule;
    return { task, session: 0, number: this.#claims, rejections, lostAttempts: 0 };
  }

  #reorder(taskId: string, schedule: Schedule): void {
    schedule.orders += 1;
    schedule.rejections = 0;
    schedule.pause?.abort();
    this.#enqueue(taskId, schedule);
  }

  /**
   * Queues a task if it is ordered, and otherwise deletes its schedule. Does nothing during an
   * attempt, because the end of the attempt calls it again.
   */
  #enqueue(taskId: string, schedule: Schedule): void {
    if (schedule.attempt !== undefined) return;
    for (const due of this.#due) due.delete(taskId);
    if (!schedule.isOrdered) {
      this.#schedules.delete(taskId);
      return;
    }
    this.#due[schedule.hasBegun ? 0 : 1].add(taskId);
    for (const { wake } of this.#listeners) wake();
  }

  /** Queues a task after a pause, without waiting for it. A new order ends the pause. */
  #enqueueAfter(ms: number, taskId: string, schedule: Schedule): void {
    const pause = new AbortController();
    schedule.pause = pause;
    void this.#options.wait(Math.min(ms, maxTimerMs), pause.signal).then(() => {
      if (!pause.signal.aborted) this.#enqueue(taskId, schedule);
    });
  }
}

function newSchedule(): Schedule {
  return {
    isOrdered: false,
    orders: 0,
    claimedOrders: 0,
    hasBegun: false,
    attempt: undefined,
    rejections: 0,
    pause: undefined,
  };
}
