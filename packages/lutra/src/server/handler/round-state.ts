/** The state that the steps, input requests and sleeps of one round share. */
import type { RequestContext } from "../../protocol/exchange.ts";
import { randomId } from "../random-id.ts";
import type { HandlerError } from "./handler-error.ts";
import { History, type HistoryEntry, type Operation, type OperationStart } from "./history.ts";
import type { Observer } from "./observer.ts";
import type { InputMemory, StepOutcome } from "./request-state.ts";
import type { StepLog } from "./step-log.ts";

/**
 * The error with which an operation rejects that can't end in this round: an input request without
 * a response, or a sleep in a task. The handler runs again when it can continue.
 */
export class InputPending extends Error {
  override readonly name: string = "InputPending";
}

/** Settings that all rounds of a server have in common. */
export interface RoundSettings {
  /** Time that an operation waits in a replay for one that must start before it, in milliseconds. */
  readonly replayGraceMs: number;
  /** The clock, in milliseconds since 1970. */
  readonly now: () => number;
  /** Observes the rounds and their steps. */
  readonly observer?: Observer | undefined;
}

export interface RoundStateInit {
  readonly memory: InputMemory;
  readonly settings: RoundSettings;
  readonly context: Pick<RequestContext, "signal">;
  readonly stepLog: StepLog | undefined;
}

type CreateOperation<T> = (
  resolve: (value: T | PromiseLike<T>) => void,
  reject: (reason: unknown) => void,
) => Operation;

export class RoundState {
  readonly history: History;
  readonly settings: RoundSettings;
  readonly stepLog: StepLog | undefined;
  readonly #context: RoundStateInit["context"];
  #exchange: string | undefined;
  /** `pausing`: an operation can't end in this round; `over`: the handler has ended. */
  #phase: "open" | "pausing" | "over" = "open";

  constructor({ memory, settings, context, stepLog }: RoundStateInit) {
    this.history = new History(memory.history ?? [], settings.replayGraceMs);
    this.settings = settings;
    this.stepLog = stepLog;
    this.#context = context;
    this.#exchange = memory.exchange;
  }

  /** Identifies the exchange. Created with the first use. */
  get exchange(): string {
    this.#exchange ??= randomId();
    return this.#exchange;
  }

  /** The identifier, if there is one already. */
  get knownExchange(): string | undefined {
    return this.#exchange;
  }

  get signal(): AbortSignal {
    return this.#context.signal;
  }

  get isPausing(): boolean {
    return this.#phase === "pausing";
  }

  /** Starts an operation, and returns the promise for its handler. */
  start<T>(start: OperationStart, create: CreateOperation<T>): Promise<T> {
    // The handler has ended, so its value is known. This promise is not awaited.
    if (this.#phase === "over") return new Promise(() => {});
    if (this.#phase === "pausing") return refused(new InputPending("the round is about to end"));
    return quiet(
      new Promise((resolve, reject) => {
        this.history.start(start, create(resolve, reject));
      }),
    );
  }

  /** Ends the round with a mistake of its handler. */
  refuse(mistake: HandlerError): Promise<never> {
    this.history.fail(mistake);
    return refused(mistake);
  }

  /** Starts no operations from now on, because the round must end. */
  pause(): void {
    if (this.#phase === "open") this.#phase = "pausing";
  }

  /** Called when the handler has ended. */
  end(): void {
    this.#phase = "over";
    this.history.close();
  }

  /** Rejects when the round must not cause further effects. */
  confirm(): void | Promise<void> {
    if (this.stepLog?.confirm !== undefined) return this.stepLog.confirm();
    if (this.signal.aborted) throw this.signal.reason;
  }

  /** Stores outcomes of steps, together with the history so far. */
  record(steps: { readonly [name: string]: StepOutcome }): Promise<void> {
    const history: readonly HistoryEntry[] = [...this.history.entries];
    return this.stepLog?.record({ steps, history }) ?? Promise.resolve();
  }
}

/** Rejects with `reason`. One of several parallel operations may be awaited late or never. */
export function refused(reason: unknown): Promise<never> {
  return quiet(Promise.reject(reason));
}

/** Prevents a rejection that is never awaited from ending the process. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
