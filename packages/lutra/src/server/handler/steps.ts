import type { StepOutcome } from "./request-state.ts";
import type { StepLog } from "./step-log.ts";

type Outcomes = { readonly [name: string]: StepOutcome };

/** What a step's effect gets. */
export interface StepInfo {
  /**
   * The same whenever this step of this exchange is run again, and of no other step: give it to
   * whatever the effect calls, so that a second run there changes nothing.
   */
  readonly idempotencyKey: string;
}

export interface StepsOptions {
  /** Outcomes that earlier runs remember. */
  readonly remembered: Outcomes;
  /** What tells this exchange from all others. */
  readonly exchange: () => string;
  /** Keeps an outcome at once, where there is one; resolves to the one that counts. */
  readonly stepLog: Pick<StepLog, "step"> | undefined;
}

/** The steps of one run of a handler: what earlier rounds remember, and what runs now. */
export class Steps {
  readonly #options: StepsOptions;
  readonly #started = new Set<string>();
  readonly #running = new Set<Promise<unknown>>();
  // Any text may be the name of a step, also one of an object's prototype.
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

  /** Waits for steps that still run beside a question: the next round must know their outcomes. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  get outcomes(): Outcomes {
    return { ...this.#options.remembered, ...this.#done };
  }

  async #start<T>(name: string, effect: (info: StepInfo) => T | Promise<T>): Promise<T> {
    if (this.#started.has(name)) throw new TypeError(`step "${name}": used twice`);
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
