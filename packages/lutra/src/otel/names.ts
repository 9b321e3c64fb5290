/** Bounds the number of names in metrics. */

/** Maximum number of tools, prompts and methods that metrics name. Further ones are `_OTHER`. */
const maxNames = 500;

/** The names that have appeared so far, up to a maximum, because a peer can send any number. */
export class Names {
  readonly #known = new Set<string>();

  has(name: string): boolean {
    return this.#known.has(name);
  }

  /** Returns the name, or `_OTHER` if there are too many others. */
  bounded(name: string): string {
    if (this.#known.size < maxNames) this.#known.add(name);
    return this.#known.has(name) ? name : "_OTHER";
  }
}
