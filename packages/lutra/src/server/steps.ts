import type { StepOutcome } from "./input-state.ts";

type Outcomes = { readonly [name: string]: StepOutcome };

/** The steps of one run of a handler: what earlier rounds remember, and what runs now. */
export class Steps {
  readonly #remembered: Outcomes;
  readonly #started = new Set<string>();
  readonly #running = new Set<Promise<unknown>>();
  // Any text may be the name of a step, also one of an object's prototype.
  readonly #done: Record<string, StepOutcome> = Object.create(null);

  constructor(remembered: Outcomes) {
    this.#remembered = remembered;
  }

  run<T>(name: string, effect: () => T | Promise<T>): Promise<T> {
    const [remembered] = Object.hasOwn(this.#remembered, name) ? [this.#remembered[name]] : [];
    if (remembered !== undefined) return Promise.resolve(remembered[0] as T);
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
    return { ...this.#remembered, ...this.#done };
  }

  async #start<T>(name: string, effect: () => T | Promise<T>): Promise<T> {
    if (this.#started.has(name)) throw new TypeError(`step "${name}": used twice`);
    this.#started.add(name);
    const outcome = await effect();
    this.#done[name] = outcome === undefined ? [] : [outcome];
    return outcome;
  }
}
