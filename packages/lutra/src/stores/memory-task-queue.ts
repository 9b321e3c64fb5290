/** Who runs which task, in the memory of one process. */
import { retryPauseMs } from "./retry-pause.ts";
import type { TakenTask, TaskOrder, TaskWorker, TaskWorkerOptions } from "./task-store.ts";

/** Resolves after `ms` milliseconds, or as soon as `signal` aborts. */
export type Timer = (ms: number, signal: AbortSignal) => Promise<void>;

export interface MemoryTaskQueueOptions {
  readonly wait: Timer;
  /** What a run gets; `undefined` for a task that has gone or expired: it is not run. */
  readonly take: (taskId: string) => TakenTask | undefined;
}

type Order = NonNullable<TaskOrder["order"]>;

/** What is ordered for a task. It is forgotten when there is nothing to do and nobody at it. */
interface Duty {
  order: Order;
  /** Grows with every order, so that a run can tell whether another one came meanwhile. */
  orders: number;
  /** It was run or ordered before: it comes before what was not. */
  hasBegun: boolean;
  rejections: number;
  /** The run that is under way. */
  run: object | undefined;
  /** Ends the pause before the next try. */
  pause: AbortController | undefined;
}

interface Worker extends TaskWorkerOptions {
  /** Aborts when the worker lets go of all that it runs. */
  readonly aborter: AbortController;
  /** The end of each run. */
  readonly running: Map<object, Promise<void>>;
}

/** A queue whose workers take tasks that have begun first, and those in the order they became due. */
export class MemoryTaskQueue {
  readonly #options: MemoryTaskQueueOptions;
  readonly #duties = new Map<string, Duty>();
  /** The tasks that wait for a worker: those that have begun, and the others. */
  readonly #due = [new Set<string>(), new Set<string>()] as const;
  readonly #workers = new Set<Worker>();

  constructor(options: MemoryTaskQueueOptions) {
    this.#options = options;
  }

  /** `isFirst` is true for the order that a task is created with. */
  order(taskId: string, order: Order, isFirst = false): void {
    const duty = this.#duties.get(taskId) ?? newDuty();
    this.#duties.set(taskId, duty);
    duty.hasBegun = !isFirst;
    duty.order = order;
    duty.orders += 1;
    duty.rejections = 0;
    duty.pause?.abort();
    this.#settle(taskId, duty);
  }

  work(options: TaskWorkerOptions): TaskWorker {
    const worker: Worker = { ...options, aborter: new AbortController(), running: new Map() };
    this.#workers.add(worker);
    queueMicrotask(() => this.#dispatch());
    return { close: (graceMs) => this.#close(worker, graceMs) };
  }

  /** Queues what is to run, unless it is running: then it is looked at again at its end. */
  #settle(taskId: string, duty: Duty): void {
    if (duty.run !== undefined) return;
    for (const due of this.#due) due.delete(taskId);
    if (duty.order === "run") {
      this.#due[duty.hasBegun ? 0 : 1].add(taskId);
      queueMicrotask(() => this.#dispatch());
      return;
    }
    if (duty.order === "drop") this.#duties.delete(taskId);
  }

  #dispatch(): void {
    for (const due of this.#due) {
      for (const taskId of due) {
        const worker = [...this.#workers].find(
          ({ running, concurrency }) => running.size < concurrency,
        );
        if (worker === undefined) return;
        due.delete(taskId);
        this.#take(taskId, worker);
      }
    }
  }

  #take(taskId: string, worker: Worker): void {
    const duty = this.#duties.get(taskId);
    if (duty === undefined) return;
    const taken = this.#options.take(taskId);
    if (taken === undefined) this.#duties.delete(taskId);
    else this.#start(duty, taken, worker);
  }

  #start(duty: Duty, taken: TakenTask, worker: Worker): void {
    const { taskId } = taken.task;
    const run = {};
    duty.run = run;
    duty.hasBegun = true;
    const { orders } = duty;
    const ended = attempt(worker, taken).then((isDone) => {
      worker.running.delete(run);
      // A worker that was closed has let go of it: somebody else may be at it.
      if (duty.run === run) this.#finish(taskId, duty, { isNew: duty.orders !== orders, isDone });
      this.#dispatch();
    });
    worker.running.set(run, ended);
  }

  #finish(
    taskId: string,
    duty: Duty,
    { isNew, isDone }: { readonly isNew: boolean; readonly isDone: boolean },
  ): void {
    duty.run = undefined;
    if (!isNew && isDone) duty.order = "drop";
    if (isNew || isDone) this.#settle(taskId, duty);
    else void this.#retry(taskId, duty);
  }

  async #retry(taskId: string, duty: Duty): Promise<void> {
    duty.rejections += 1;
    const pause = new AbortController();
    duty.pause = pause;
    await this.#options.wait(retryPauseMs(duty.rejections), pause.signal);
    if (!pause.signal.aborted) this.#settle(taskId, duty);
  }

  async #close(worker: Worker, graceMs: number): Promise<void> {
    this.#workers.delete(worker);
    const ended = Promise.all(worker.running.values());
    const over = new AbortController();
    await Promise.race([ended, this.#options.wait(graceMs, over.signal)]);
    over.abort();
    worker.aborter.abort();
    for (const [taskId, duty] of this.#duties) {
      if (duty.run === undefined || !worker.running.has(duty.run)) continue;
      duty.run = undefined;
      this.#settle(taskId, duty);
    }
  }
}

/** Runs a task once; resolves to false when that was rejected. */
async function attempt(worker: Worker, taken: TakenTask): Promise<boolean> {
  try {
    await worker.run(taken.task.taskId, worker.aborter.signal, taken);
    return true;
  } catch (error) {
    worker.onError(error);
    return false;
  }
}

/** Waits with `setTimeout`, without keeping the process running. */
export function waitWithTimer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    // A browser's timer is a number.
    if (typeof timer === "object") timer.unref();
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
}

function newDuty(): Duty {
  return {
    order: "drop",
    orders: 0,
    hasBegun: false,
    rejections: 0,
    run: undefined,
    pause: undefined,
  };
}
