/** Work that several callers wait for at once. */
import { unlessAborted } from "../time/abort.ts";

interface Running {
  readonly done: Promise<unknown>;
  readonly controller: AbortController;
  /** Number of callers that wait for it. */
  waiting: number;
}

/** Runs work once for all callers that wait at the same time, and aborts it when none waits. */
export class SharedWork {
  readonly #work: (signal: AbortSignal) => Promise<unknown>;
  #running: Running | undefined;

  constructor(work: (signal: AbortSignal) => Promise<unknown>) {
    this.#work = work;
  }

  /** Waits until the work has ended, or the signal aborts. */
  async join(signal: AbortSignal): Promise<void> {
    const running = this.#running ?? this.#start();
    running.waiting += 1;
    try {
      await unlessAborted(running.done, signal);
    } finally {
      running.waiting -= 1;
      if (running.waiting === 0) this.#end(running);
    }
  }

  #start(): Running {
    const controller = new AbortController();
    const done = this.#work(controller.signal).finally(() => this.#end(running));
    const running: Running = { done, controller, waiting: 0 };
    this.#running = running;
    return running;
  }

  #end(running: Running): void {
    if (this.#running === running) this.#running = undefined;
    running.controller.abort();
  }
}
