/** Coverage of the packages' sources by blocks, as the V8 inspector counts it. */
import { type Profiler, Session } from "node:inspector";

export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Number of blocks that were reached. */
  get blocks(): number {
    return this.#seen.size;
  }

  /** Forgets the runs since the last call. */
  reset(): void {
    this.#take();
  }

  /** Returns true if new blocks were reached since the last call. */
  hasNew(): boolean {
    return this.#reached().some((block) => !this.#seen.has(block));
  }

  /** Adds the blocks that were reached since the last call. Returns true if some are new. */
  add(): boolean {
    const before = this.#seen.size;
    for (const block of this.#reached()) this.#seen.add(block);
    return this.#seen.size > before;
  }

  close(): void {
    this.#session.disconnect();
  }

  #reached(): readonly string[] {
    const own = this.#take().filter(({ url }) => /\/packages\/[^/]+\/src\//.test(url));
    return own.flatMap(({ scriptId, functions }) =>
      functions.flatMap(({ ranges }) =>
        ranges
          .filter(({ count }) => count > 0)
          .map(({ startOffset, endOffset }) => `${scriptId}:${startOffset}-${endOffset}`),
      ),
    );
  }

  #take(): readonly Profiler.ScriptCoverage[] {
    let result: readonly Profiler.ScriptCoverage[] = [];
    // The callback is called before `post` returns.
    this.#session.post("Profiler.takePreciseCoverage", (_error, taken) => {
      result = taken?.result ?? [];
    });
    return result;
  }
}
