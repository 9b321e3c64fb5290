import type { StepOutcome } from "./request-state.ts";
import type { StepLog } from "./step-log.ts";

type Outcomes = { readonly [name: string]: StepOutcome };

/** The argument of a step's effect. */
export interface StepInfo {
  /**
   * Unique to this step of this exchange, and the same when the step is run again. Pass it to the
   * service that the effect calls, so that the service can recognise a repetition.
   */
  readonly idempotencyKey: string;
}

export interface StepsOptions {
  /** Outcomes of earlier rounds. */
  readonly remembered: Outcomes;
  /** Returns the identifier of the exchange. */
  readonly exchange: () => string;
  /** Stores each outcome as soon as it is available. */
  readonly stepLog: Pick<StepLog, "step"> | undefined;
}

/** The steps of one round: outcomes of earlier rounds, and effects that run now. */
export class Steps {
  readonly #options: StepsOptions;
  readonly #started = new Set<string>();
  readonly #running = new Set<Promise<unknown>>();
  // Without a prototype, because a step may have any name.
  readonly #done: Record<string, StepOutcome> = Object.create(null);

  constructor(options: StepsOptions) {
    this.#options = options;
  }

  run<T>(name: string, effect: (info: StepInfo) => T | Promise<T>): Promise<T> {
    const { remembered } = this.#options;
    const [known] = Object.hasOwn(remembered, name) ? [remembered[name]] : [];
    if (known !== undefined) return Promise.resolve(known[0] as T);
    const running = this.#start(name, effect);
    this.#running.add(running);
    const remove = () => this.#running.delete(running);
    running.then(remove, remove);
    return running;
  }

  /** Waits for steps that run in parallel with an input request; the next round needs their outcomes. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  get outcomes(): Outcomes {
    return { ...this.#options.remembered, ...this.#done };
  }

  async #start<T>(name: string, effect: (info: StepInfo) => T | Promise<T>): Promise<T> {
    if (this.#started.has(name)) throw new TypeError(`step "${name}": used twice in one round`);
    this.#started.add(name);
    const { exchange, stepLog } = this.#options;
    const idempotencyKey = `${exchange()}/${encodeURIComponent(name)}`;
    const outcome = await effect({ idempotencyKey });
    const done: StepOutcome = outcome === undefined ? [] : [outcome];
    this.#done[name] = done;
    if (stepLog === undefined) return outcome;
    const kept = await stepLog.step(name, done);
    this.#done[name] = kept;
    return kept[0] as T;
  }
}
