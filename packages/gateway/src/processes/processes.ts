/** The processes of a gateway that serve, and the processes that replace those that die. */
import { ChannelClosedError } from "./channel.ts";
import type { Answer, MessageName, Start, Value } from "./messages.ts";
import { keepRunning, type RunningProcess, type SlotOptions } from "./process-slot.ts";

export interface ProcessesOptions
  extends Pick<SlotOptions, "program" | "start" | "limits" | "notice"> {
  /** Number of processes. */
  readonly count: number;
  /** Connects a new process. The returned function is called when it has ended. */
  readonly connect: (process: RunningProcess) => () => void;
  /** Called with a process before it serves. */
  readonly prepare: (process: RunningProcess) => Promise<void>;
  /** Called with a process that serves. The returned function is called when it has ended. */
  readonly serve: (process: RunningProcess) => () => void;
  /** Called when a process has ended, while others are not ended with it. */
  readonly onDeath: (process: RunningProcess) => void;
}

/** Maximum time for the answer of a process to operators, in milliseconds. */
const answerMs = 2000;

export class Processes {
  readonly #options: ProcessesOptions;
  readonly #running = new Set<RunningProcess>();
  readonly #closing = new AbortController();
  readonly #slots: Promise<void>[] = [];
  /** The numbers of the processes that have served. */
  readonly #known = new Set<number>();
  readonly #ends = new Map<RunningProcess, (() => void)[]>();
  /** Resolves when every process has been ready once. Rejects when one can't be started. */
  readonly ready: Promise<void>;
  /** Never resolves. Rejects when a process can't be kept running. */
  readonly failed: Promise<never>;
  /** The change of all processes that is in progress. */
  #change: Promise<unknown> = Promise.resolve();

  constructor(options: ProcessesOptions) {
    this.#options = options;
    // A busy process would not notice at once that this one has ended.
    process.once("exit", this.#onExit);
    const firsts = Array.from({ length: options.count }, (_, index) => this.#open(index + 1));
    this.failed = new Promise((_resolve, reject) => {
      for (const slot of this.#slots) slot.catch(reject);
    });
    this.failed.catch(() => {});
    this.ready = Promise.race([Promise.all(firsts).then(() => undefined), this.failed]);
    this.ready.catch(() => {});
  }

  readonly #onExit = () => this.kill();

  get running(): ReadonlySet<RunningProcess> {
    return this.#running;
  }

  /** Asks all processes that serve. One that does not answer in time is left out. */
  async askAll<Name extends MessageName>(
    name: Name,
    value: Value<Name>,
  ): Promise<ReadonlyMap<number, Answer<Name>>> {
    const answers = new Map<number, Answer<Name>>();
    const asked = [...this.#running].map(async ({ number, channel }) => {
      answers.set(number, await channel.ask(name, value));
    });
    await inTime(Promise.allSettled(asked));
    return new Map(answers);
  }

  /**
   * Asks the processes that serve, one after the other, until one answers in time.
   *
   * @throws {Error} the error of the last process that was asked
   */
  async askAny<Name extends MessageName>(name: Name, value: Value<Name>): Promise<Answer<Name>> {
    let failure: Error = new ChannelClosedError();
    for (const { channel } of this.#running) {
      const asked = channel.ask(name, value).then(
        (answer) => ({ answer }),
        (error: Error) => {
          failure = error;
        },
      );
      const found = await inTime(asked);
      if (found) return found.answer;
    }
    throw failure;
  }

  /** Runs a change of all processes. Processes that become ready meanwhile wait for its end. */
  async change<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#change;
    const changed = before.then(work, work);
    this.#change = changed.catch(() => {});
    return changed;
  }

  /** Starts no further processes from now on. */
  stopRestarts(): void {
    this.#closing.abort();
  }

  /** Ends all processes. Resolves once they have ended; those that do not end are killed. */
  async end(maxMs: number): Promise<void> {
    this.stopRestarts();
    for (const { end } of this.#ends.keys()) end();
    const timer = setTimeout(() => this.kill(), maxMs);
    await Promise.allSettled(this.#slots);
    clearTimeout(timer);
    process.off("exit", this.#onExit);
  }

  kill(): void {
    for (const { kill } of this.#ends.keys()) kill();
  }

  /** Keeps one process running. Resolves when it is ready for the first time. */
  #open(number: number): Promise<void> {
    const { program, start, limits, notice, connect, onDeath } = this.#options;
    return new Promise((resolve) => {
      const slot = keepRunning({
        number,
        program,
        start,
        limits,
        notice,
        closing: this.#closing.signal,
        connect: (process) => this.#ends.set(process, [connect(process)]),
        hasOthers: () => this.#running.size > 0,
        onReady: async (process, message) => {
          const isCurrent = await this.#serve(process, message);
          if (isCurrent) resolve();
          return isCurrent;
        },
        onEnd: (process) => {
          this.#running.delete(process);
          for (const end of this.#ends.get(process) ?? []) end();
          this.#ends.delete(process);
          if (!this.#closing.signal.aborted) onDeath(process);
        },
      });
      this.#slots.push(slot);
    });
  }

  /** Lets a process serve that has the current configuration. Returns false for another one. */
  async #serve(process: RunningProcess, message: Start): Promise<boolean> {
    // A change that began in the meantime has not reached this process.
    await this.#change;
    if (this.#options.start().config !== message.config) return false;
    await this.#options.prepare(process);
    const ends = this.#ends.get(process);
    // It may have ended meanwhile.
    if (ends === undefined) return true;
    this.#running.add(process);
    ends.push(this.#options.serve(process));
    const again = this.#known.has(process.number) ? " again" : "";
    this.#known.add(process.number);
    this.#options.notice(`process ${process.number} is ready${again}, pid ${process.pid}`);
    return true;
  }
}

/** Resolves to the value, or to undefined if it takes too long for an operator who waits. */
async function inTime<T>(value: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), answerMs);
  });
  const found = await Promise.race([value, late]);
  clearTimeout(timer);
  return found;
}
