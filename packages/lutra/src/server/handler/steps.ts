/** The steps of one round: outcomes of earlier rounds, and effects that run now. */
import { requireJSON } from "../../protocol/json.ts";
import { HandlerError } from "./handler-error.ts";
import { isActive } from "./observer.ts";
import type { InputMemory, StepOutcome } from "./request-state.ts";
import { InputPending, type RoundState } from "./round-state.ts";
import { toError, toFailure } from "./step-failure.ts";
import { requireStepOptions, runTries, type StepInfo, type StepOptions } from "./step-options.ts";

export type Effect<T> = (info: StepInfo) => T | Promise<T>;

export interface Step<T> {
  readonly name: string;
  readonly options: StepOptions;
  readonly effect: Effect<T>;
}

/** The functions that settle the promise of the handler. */
interface Settlement<T> {
  readonly resolve: (outcome: T) => void;
  readonly reject: (error: unknown) => void;
}

export class Steps {
  readonly #round: RoundState;
  readonly #remembered: InputMemory["steps"];
  /** The names in use. A step that has failed releases its name, so that it can be tried again. */
  readonly #names = new Set<string>();
  readonly #running = new Map<Promise<unknown>, string>();
  // Without a prototype, because a step may have any name.
  readonly #done: Record<string, StepOutcome> = Object.create(null);
  /** The step whose effect is being called. */
  #calling: string | undefined;

  constructor(round: RoundState, remembered: InputMemory["steps"]) {
    this.#round = round;
    this.#remembered = remembered;
  }

  /** All outcomes, for the next round. */
  get outcomes(): InputMemory["steps"] {
    return { ...this.#remembered, ...this.#done };
  }

  /** The name of a step that is still running. */
  get unfinished(): string | undefined {
    return [...this.#running.values()][0];
  }

  run<T>(step: Step<T>): Promise<T> {
    const { name } = step;
    requireStepOptions(name, step.options);
    if (this.#calling !== undefined) {
      return this.#refuse(name, `expected outside of the effect of step "${this.#calling}"`);
    }
    if (this.#names.has(name)) return this.#refuse(name, "used twice");
    return this.#round.start<T>({ start: `step ${name}` }, (resolve, reject) => {
      this.#names.add(name);
      const fail = (error: unknown) => {
        this.#names.delete(name);
        reject(error);
      };
      return {
        runsDuringReplay: true,
        replay: ({ error }) => (error ? fail(toError(error)) : resolve(this.#recall(name) as T)),
        run: (number) => this.#track(name, this.#perform(step, number), { resolve, reject: fail }),
        refuse: fail,
      };
    });
  }

  /** Waits for steps that run in parallel with an input request; the next round needs their outcomes. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running.keys());
  }

  #refuse(name: string, reason: string): Promise<never> {
    return this.#round.refuse(new HandlerError(`step "${name}": ${reason}`));
  }

  #track<T>(name: string, running: Promise<T>, { resolve, reject }: Settlement<T>): void {
    this.#running.set(running, name);
    running.then(
      (outcome) => {
        this.#running.delete(running);
        resolve(outcome);
      },
      (error) => {
        this.#running.delete(running);
        reject(error);
      },
    );
  }

  /** Returns a copy of an outcome, because handlers may change it. */
  #recall(name: string): unknown {
    const [outcome] = this.#done[name] ?? this.#remembered[name] ?? [];
    return outcome === undefined ? undefined : requireJSON(outcome, "outcome");
  }

  async #perform<T>(step: Step<T>, number: number): Promise<T> {
    const { name } = step;
    const { history } = this.#round;
    try {
      // An earlier version of this package recorded outcomes without a history.
      if (Object.hasOwn(this.#remembered, name)) history.end(number);
      else await this.#runEffect(step, number);
    } finally {
      await new Promise<void>((resolve) => history.deliver(resolve));
    }
    return this.#recall(name) as T;
  }

  /** Runs the effect, and records its outcome or its error. */
  async #runEffect<T>(step: Step<T>, number: number): Promise<void> {
    const { name } = step;
    let outcome: StepOutcome;
    try {
      outcome = this.#toOutcome(name, await this.#try(step));
      this.#round.stepLog?.check?.(name, outcome);
    } catch (thrown) {
      if (!this.#isFailure(thrown)) throw thrown;
      const failure = toFailure(thrown);
      this.#round.history.end(number, failure);
      await this.#round.record({});
      throw toError(failure, thrown);
    }
    this.#done[name] = outcome;
    this.#round.history.end(number);
    await this.#round.record({ [name]: outcome });
  }

  #try<T>({ name, options, effect }: Step<T>): Promise<T> {
    const round = this.#round;
    const call: Effect<T> = (info) => {
      this.#calling = name;
      try {
        return effect(info);
      } finally {
        this.#calling = undefined;
      }
    };
    const tries = {
      options,
      signal: () => round.signal,
      confirm: () => round.confirm(),
      idempotencyKey: `${round.exchange}/${encodeURIComponent(name)}`,
    };
    const { observer } = round.settings;
    const observe = observer?.step;
    return observe === undefined || !isActive(observer)
      ? runTries(call, tries)
      : observe(name, () => runTries(call, tries));
  }

  #toOutcome(name: string, value: unknown): StepOutcome {
    if (value === undefined) return [];
    try {
      return [requireJSON(value, "outcome")];
    } catch (error) {
      const mistake = new HandlerError(`step "${name}": ${(error as Error).message}`);
      this.#round.history.fail(mistake);
      throw mistake;
    }
  }

  /** False for errors that end the round, which the next round does not repeat. */
  #isFailure(thrown: unknown): boolean {
    const { history, signal } = this.#round;
    return !(thrown instanceof InputPending) && history.mistake === undefined && !signal.aborted;
  }
}
