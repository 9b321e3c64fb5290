/** One sign-in, for all requests that wait for it. */
import { unlessAborted } from "../../time/abort.ts";

type Lock = <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** Runs a sign-in for its callers. It is aborted once all of them have been. */
export class SharedSignIn {
  readonly #lock: Lock;
  #running: Promise<void> | undefined;
  #controller = new AbortController();
  #callers = 0;

  constructor(lock: Lock) {
    this.#lock = lock;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Begins a sign-in, or waits for the running one. */
  async join(
    work: (signal: AbortSignal) => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#running ??= this.#begin(work);
    this.#callers += 1;
    try {
      await unlessAborted(this.#running, signal);
    } finally {
      this.#callers -= 1;
      if (this.#callers === 0) {
        // The next caller begins again, once this sign-in has released its lock.
        this.#running = undefined;
        this.#controller.abort(signal?.reason);
      }
    }
  }

  #begin(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const controller = new AbortController();
    this.#controller = controller;
    const running = this.#lock(() => work(controller.signal), controller.signal).finally(() => {
      if (this.#controller === controller) this.#running = undefined;
    });
    // A caller that has been aborted no longer waits for its failure.
    running.catch(() => {});
    return running;
  }
}
