/** The part of a worker that is the same for all stores: attempts, their limits, and their ends. */
import { Attempt, type AttemptEnd, type Claim, type ClaimStore } from "./task-attempt.ts";
import type { TaskWorker, TaskWorkerOptions } from "./task-store.ts";
import { type Timer, waitWithTimer } from "./timer.ts";

/** Pause before a failed claim, or a failed record of an attempt's end, is tried again. */
const retryMs = 500;

export interface ClaimRequest {
  readonly limit: number;
  /** The `lostAttempts` from which a task runs isolated. */
  readonly isolateFrom: number;
  /** True when no isolated task is running; then at most one may be claimed. */
  readonly mayIsolate: boolean;
}

export interface QueueListener {
  /** Called when tasks may be due. */
  readonly wake: () => void;
  /** Called when other processes may have taken all tasks of this one. */
  readonly lost: () => void;
}

/** The queue of one store, as one worker uses it. */
export interface TaskQueue extends ClaimStore {
  readonly claim: (request: ClaimRequest) => Promise<readonly Claim[]>;
  /** False once other processes may take the task of a claim of this process. */
  readonly isLive: (claim: Claim) => boolean;
  /** Starts to notify the listener. Returns a function that stops it. */
  readonly watch: (listener: QueueListener) => () => void;
  /** Runs `take` soon. Requests from one turn of the event loop then share one claim. */
  readonly defer: (take: () => void) => void;
  /** Maintenance: releases the tasks of dead processes. */
  readonly upkeep?: {
    readonly everyMs: number;
    /** Resolves to true when tasks may be due. */
    readonly run: () => Promise<boolean>;
  };
}

export class TaskRunner implements TaskWorker {
  readonly #queue: TaskQueue;
  readonly #options: TaskWorkerOptions;
  readonly #wait: Timer;
  readonly #closed = new AbortController();
  readonly #attempts = new Map<Attempt, Promise<void>>();
  readonly #unwatch: () => void;
  #phase: "open" | "closing" | "closed" = "open";
  /** Settles when the scheduled claim has been made. */
  #taking: Promise<void> | undefined;
  #wakes = 0;

  constructor(queue: TaskQueue, options: TaskWorkerOptions, wait: Timer = waitWithTimer) {
    this.#queue = queue;
    this.#options = options;
    this.#wait = wait;
    this.#unwatch = queue.watch({ wake: () => this.#wake(), lost: () => this.#lose() });
    this.#wake();
    void this.#maintain();
  }

  async close(graceMs: number): Promise<void> {
    this.#phase = "closing";
    const over = new AbortController();
    const ended = Promise.all([this.#taking, ...this.#attempts.values()]);
    // Attempts may wait for nothing that keeps the process alive until they are released.
    const grace = this.#wait(graceMs, over.signal, { keepsAlive: true });
    await Promise.race([ended, grace]);
    over.abort();
    this.#phase = "closed";
    this.#closed.abort();
    this.#unwatch();
    const open = [...this.#attempts.keys()].filter(({ phase }) => phase === "open");
    for (const attempt of open) attempt.lose();
    await Promise.all(open.map(({ claim }) => this.#record(claim, "released")));
    await this.#taking;
    this.#attempts.clear();
  }

  /** Schedules a claim. A wake-up during a claim leads to another one. */
  #wake(): void {
    this.#wakes += 1;
    if (this.#taking !== undefined || this.#phase !== "open") return;
    this.#taking = new Promise((resolve) => {
      this.#queue.defer(() => resolve(this.#take()));
    });
  }

  async #take(): Promise<void> {
    const wakes = this.#wakes;
    try {
      await this.#claim();
    } catch (error) {
      this.#options.onError(error);
      void this.#wait(retryMs, this.#closed.signal).then(() => this.#wake());
    }
    this.#taking = undefined;
    if (this.#wakes !== wakes) this.#wake();
  }

  /** Claims as many due tasks as there is room for, and starts them. */
  async #claim(): Promise<void> {
    const { concurrency, isolateFrom = Number.POSITIVE_INFINITY } = this.#options;
    const limit = concurrency - this.#attempts.size;
    if (limit <= 0 || this.#phase !== "open") return;
    const isIsolated = ({ lostAttempts }: Attempt) => lostAttempts >= isolateFrom;
    const mayIsolate = ![...this.#attempts.keys()].some(isIsolated);
    const claimedAt = performance.now();
    const claims = await this.#queue.claim({ limit, isolateFrom, mayIsolate });
    await Promise.all(claims.map((claim) => this.#start(claim, claimedAt)));
  }

  #start(claim: Claim, claimedAt: number): Promise<void> | undefined {
    // The worker may have closed, or lost its session, while the claim was made.
    if (this.#phase !== "open") return this.#record(claim, "released");
    if (!this.#queue.isLive(claim)) return this.#record(claim, "lost");
    const attempt = new Attempt(claim, this.#queue, { claimedAt });
    this.#attempts.set(attempt, this.#perform(attempt));
    return undefined;
  }

  async #perform(attempt: Attempt): Promise<void> {
    let end: AttemptEnd = "done";
    try {
      await this.#options.run(attempt);
    } catch (error) {
      end = "rejected";
      if (attempt.phase !== "lost") this.#options.onError(error);
    }
    await this.#record(attempt.claim, end, () => attempt.phase !== "open");
    this.#attempts.delete(attempt);
    this.#wake();
  }

  /** Marks all attempts as lost, because other processes may take their tasks from now on. */
  #lose(): void {
    const open = [...this.#attempts.keys()].filter(({ phase }) => phase === "open");
    for (const attempt of open) {
      this.#attempts.delete(attempt);
      attempt.lose();
    }
    // A worker that is closing leaves its tasks to others, like a dead process.
    if (this.#phase !== "open") return;
    for (const { claim } of open) void this.#record(claim, "lost");
  }

  /** Records the end of an attempt. Retries until that succeeds, `isObsolete`, or the worker closes. */
  async #record(claim: Claim, end: AttemptEnd, isObsolete = () => false): Promise<void> {
    while (!isObsolete()) {
      try {
        await this.#queue.settle(claim, end);
        return;
      } catch (error) {
        this.#options.onError(error);
      }
      // After this, the end of the session releases the claim.
      if (this.#phase === "closed") return;
      await this.#wait(retryMs, this.#closed.signal);
    }
  }

  async #maintain(): Promise<void> {
    const { upkeep } = this.#queue;
    if (upkeep === undefined) return;
    while (this.#phase === "open") {
      try {
        if (await upkeep.run()) this.#wake();
      } catch (error) {
        this.#options.onError(error);
      }
      await this.#wait(upkeep.everyMs, this.#closed.signal);
    }
  }
}
