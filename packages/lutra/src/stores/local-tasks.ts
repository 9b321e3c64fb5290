/** The tasks that one process runs, in its workers and outside of them. */
import { Attempt, type Claim, type ClaimStore } from "./task-attempt.ts";
import { type TaskQueue, TaskRunner } from "./task-runner.ts";
import type { HeldTask, TaskWorker, TaskWorkerOptions } from "./task-store.ts";
import type { Timer } from "./timer.ts";

export class LocalTasks {
  readonly #store: ClaimStore;
  readonly #held = new Set<Attempt>();
  readonly #runners = new Set<TaskRunner>();

  constructor(store: ClaimStore) {
    this.#store = store;
  }

  /** Starts a worker. */
  work(queue: TaskQueue, options: TaskWorkerOptions, wait?: Timer): TaskWorker {
    const runner = new TaskRunner(queue, options, wait);
    this.#runners.add(runner);
    return {
      close: async (graceMs) => {
        this.#runners.delete(runner);
        await runner.close(graceMs);
      },
    };
  }

  /** Adds an attempt that the caller runs. */
  hold(claim: Claim): HeldTask {
    const onClosed = () => void this.#held.delete(attempt);
    const attempt: Attempt = new Attempt(claim, this.#store, { onClosed });
    this.#held.add(attempt);
    return attempt;
  }

  /** Marks the held tasks as lost. Other processes take them like those of a dead one. */
  loseHeld(): void {
    for (const attempt of [...this.#held]) attempt.lose();
  }

  /** Releases all tasks. If that fails, they are taken over like those of a dead process. */
  async close(): Promise<void> {
    await Promise.all([...this.#runners].map((runner) => runner.close(0)));
    this.#runners.clear();
    const release = async (attempt: Attempt) => {
      attempt.lose();
      await this.#store.settle(attempt.claim, "released").catch(() => {});
    };
    await Promise.all([...this.#held].map(release));
  }
}
