/** Counts what is under way. */

export class InFlight {
  readonly #counts = new Map<string, number>();

  /** Counts one more for `key`, unless `max` are under way. Says whether it did. */
  enter(key: string, max: number): boolean {
    const count = this.#counts.get(key) ?? 0;
    if (count >= max) return false;
    this.#counts.set(key, count + 1);
    return true;
  }

  /** Takes back one `enter` that said yes. */
  leave(key: string): void {
    const count = this.#counts.get(key) ?? 0;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
  }

  /** How many keys have something under way. */
  get size(): number {
    return this.#counts.size;
  }
}
