/** The open exchanges, counted by the settings under which they began. */

/** The time during which exchanges begin under the same settings. */
class Term<S> {
  readonly settings: S;
  readonly ended: Promise<void>;
  #open = 0;
  #isOver = false;
  #resolve = () => {};

  constructor(settings: S) {
    this.settings = settings;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  begin(): void {
    this.#open += 1;
  }

  end(): void {
    this.#open -= 1;
    if (this.#isOver && this.#open === 0) this.#resolve();
  }

  /** Ends the term: `ended` resolves once its exchanges have ended. */
  close(): void {
    this.#isOver = true;
    if (this.#open === 0) this.#resolve();
  }
}

export class OpenExchanges<S> {
  #current: Term<S> | undefined;
  #earlier: Promise<unknown> = Promise.resolve();

  /** The settings for exchanges that begin now. Undefined until the first call of `use`. */
  get settings(): S | undefined {
    return this.#current?.settings;
  }

  /**
   * Sets the settings for the exchanges that begin from now on. Resolves once all exchanges that
   * began earlier have ended.
   */
  async use(settings: S): Promise<void> {
    const before = this.#current;
    this.#current = new Term(settings);
    before?.close();
    this.#earlier = Promise.all([this.#earlier, before?.ended]);
    await this.#earlier;
  }

  /** Counts an exchange until `end` of the returned term is called. */
  begin(): Term<S> | undefined {
    this.#current?.begin();
    return this.#current;
  }
}
